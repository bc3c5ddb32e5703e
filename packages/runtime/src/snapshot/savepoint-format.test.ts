// docs/savepoint-format.md is held to be true, and enough: this file has a reader of its own, written from the page alone.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { Unpackr } from 'msgpackr/unpack'
import { expect, test } from 'vitest'
import { ValueTag } from '../record/value-tag.ts'
import { canonicalJson, UnregisteredInstance } from './canonical-json.ts'
import { MemoryStorage } from './testing/memory-storage.ts'
import { type SampleState, sampleMaxParallelism, writeSampleSavepoint } from './testing/sample-savepoint.ts'

const page = readFileSync(new URL('../../../../docs/savepoint-format.md', import.meta.url), 'utf8')

test('the page lists every tag of a value with its number', () => {
  const rows = [...page.matchAll(/^\| (\d+) \| `(\w+)` \|/gm)].map(([, tag, name]) => [name, Number(tag)])
  expect(Object.fromEntries(rows)).toEqual(ValueTag)
})

test('the tagged forms of the page are those of the export', () => {
  const sparse: unknown[] = [1]
  sparse.length = 4
  const values = [
    undefined,
    Number.NaN,
    12n,
    new Date(0),
    new Map([['a', 1]]),
    new Set(['a']),
    Uint8Array.of(1, 2),
    Buffer.from([1, 2]),
    Uint8Array.of(1, 2).buffer,
    Int16Array.of(-1),
    sparse,
    Object.assign(Object.create(null) as object, { a: 1 }),
    { $date: 0 },
    new UnregisteredInstance('shop.Money', { cents: 250 }),
  ]
  expect([...page.matchAll(/^\| `(\{"\$.*?\})` \|/gm)].map(([, json]) => json)).toEqual(values.map(canonicalJson))
})

test.each([0, 1e6])(
  'a reader written from the page finds all state of a savepoint (inline up to %i bytes)',
  async (inlineBytesMax) => {
    const state: SampleState = {
      counts: new Map<unknown, unknown>([
        ['wörd 😀', { total: -7, wide: 40_000, middle: 300, share: 0.5, big: 2n ** 70n, last: undefined }],
        // As many as there are key groups, so that some share one, and their names.
        ...Array.from({ length: sampleMaxParallelism }, (_, i): [string, object] => [
          `user ${i}`,
          i % 3 === 0 ? { key: `user ${i}` } : { key: `user ${i}`, total: i },
        ]),
        [123_456_789_012, [true, null, 5n]],
        [['a', 1], new Map([['k', new Set([1])]])],
      ]),
      visits: new Map([
        [
          'x',
          new Map<unknown, unknown>([
            ['y', new Date(9)],
            ['z', Uint8Array.of(1, 2)],
          ]),
        ],
      ]),
      timers: new Map([['x', [1000, 2000.5]]]),
      splits: ['a', 'b', 'c'],
      rules: [['rule', 1]],
    }
    const storage = new MemoryStorage()
    await writeSampleSavepoint(state, { parallelism: 2, storage, directory: '/s', inlineBytesMax })
    const found = readAsThePageSays(storage.files, '/s')
    expect(new Map(found.counts)).toEqual(state.counts)
    expect(found.visits).toEqual([
      [
        'x',
        [
          ['y', new Date(9), 1000],
          ['z', Uint8Array.of(1, 2), 1000],
        ],
      ],
    ])
    expect(found.timers).toEqual([['x', [1000, 2000.5]]])
    expect(found.items).toEqual({
      splits: ['a', 'c', 'b'],
      rules: [
        ['rule', 1],
        ['rule', 1],
      ],
    })
  },
)

interface Found {
  readonly counts: (readonly [unknown, unknown])[]
  readonly visits: unknown[]
  readonly timers: unknown[]
  readonly items: Record<string, unknown[]>
}

interface Location {
  readonly path?: string
  readonly bytes?: Uint8Array
}

interface Subtask {
  readonly keyed: {
    readonly location: Location
    readonly states: readonly { readonly name: string; readonly kind: string; readonly hasTtl: boolean }[]
    readonly keyGroups: readonly (readonly [number, number, number, number, ...number[]])[]
  } | null
  readonly lists: readonly {
    readonly name: string
    readonly location: Location
    readonly offset: number
    readonly length: number
    readonly checksum: number
    readonly itemCount: number
  }[]
}

function readAsThePageSays(files: ReadonlyMap<string, Uint8Array>, directory: string): Found {
  const file = Buffer.from(files.get(`${directory}/_metadata`)!)
  expect([file.toString('latin1', 0, 8), file.readUInt32LE(8), file.readUInt32LE(12)]).toEqual([
    'MILLMETA',
    1,
    file.length - 48,
  ])
  const digest = createHash('sha256').update(file.subarray(8, 16)).update(file.subarray(48)).digest()
  expect(file.subarray(16, 48).equals(digest)).toBe(true)
  const metadata = new Unpackr({ useRecords: false }).unpack(file.subarray(48)) as {
    readonly operators: readonly { readonly maxParallelism: number; readonly subtasks: readonly Subtask[] }[]
  }
  const found: Found = { counts: [], visits: [], timers: [], items: {} }
  for (const [operatorIndex, { maxParallelism, subtasks }] of metadata.operators.entries()) {
    expect(maxParallelism).toBe(sampleMaxParallelism)
    for (const { keyed, lists } of subtasks) {
      for (const [keyGroup, offset, length, checksum, ...keyCounts] of keyed?.keyGroups ?? []) {
        const place = { kind: 0, operatorIndex, number: keyGroup, offset, length, checksum }
        const input = new PageReader(blockOf(files, directory, keyed!.location, place))
        for (const [position, { name, kind, hasTtl }] of keyed!.states.entries()) {
          const keys = input.count()
          expect(keys).toBe(keyCounts[position])
          input.startShapes()
          for (let i = 0; i < keys; i++) {
            const key = input.key()
            if (kind === 'value') found.counts.push([key, input.value()])
            if (kind === 'timers') found.timers.push([key, input.times(input.count(), () => input.f64())])
            if (kind === 'map') {
              const pair = () => [input.value(), input.value(), ...(hasTtl ? [input.f64()] : [])]
              expect(name).toBe('visits')
              found.visits.push([key, input.times(input.count(), pair)])
            }
          }
        }
        expect(input.isAtEnd).toBe(true)
      }
      for (const [number, { name, location, itemCount, ...block }] of lists.entries()) {
        const bytes = blockOf(files, directory, location, { kind: 1, operatorIndex, number, ...block })
        expect(bytes.readUInt32LE(0)).toBe(itemCount)
        const input = new PageReader(bytes.subarray(4 + itemCount * 4))
        const items = found.items[name] ?? []
        found.items[name] = items
        items.push(...input.times(itemCount, () => input.value()))
        expect(input.isAtEnd).toBe(true)
      }
    }
  }
  return found
}

function blockOf(
  files: ReadonlyMap<string, Uint8Array>,
  directory: string,
  location: Location,
  block: { kind: number; operatorIndex: number; number: number; offset: number; length: number; checksum: number },
): Buffer {
  const { kind, operatorIndex, number, offset, length, checksum } = block
  const file = Buffer.from(location.bytes ?? files.get(`${directory}/${location.path}`)!)
  const bytes = file.subarray(offset, offset + length)
  expect(crc32(bytes)).toBe(checksum)
  if (location.path !== undefined) {
    expect([file.toString('latin1', 0, 8), file.readUInt32LE(8)]).toEqual(['MILLDATA', 1])
    expect(file.readUInt32LE(12)).toBe(crc32(file.subarray(0, 12)))
    const header = file.subarray(offset - 32, offset)
    expect(header.toString('latin1', 0, 4)).toBe('BLCK')
    expect([4, 8, 12, 24].map((at) => header.readUInt32LE(at))).toEqual([kind, operatorIndex, number, checksum])
    expect(header.readBigUInt64LE(16)).toBe(BigInt(length))
    expect(header.readUInt32LE(28)).toBe(crc32(header.subarray(0, 28)))
  }
  return bytes
}

class PageReader {
  readonly #bytes: Buffer
  #at = 0
  #shapes: string[][] = []
  #key: unknown

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  times<T>(count: number, read: () => T): T[] {
    return Array.from({ length: count }, read)
  }

  count(): number {
    let [value, factor, byte] = [0, 1, 0]
    do {
      byte = this.#bytes[this.#at++]!
      value += (byte & 127) * factor
      factor *= 128
    } while (byte > 127)
    return value
  }

  f64(): number {
    return this.#bytes.readDoubleLE(this.#skip(8))
  }

  #skip(byteCount: number): number {
    this.#at += byteCount
    return this.#at - byteCount
  }

  #string(): string {
    const header = this.count()
    const [units, isWide] = [header >> 1, (header & 1) === 1]
    const start = this.#skip(isWide ? units * 2 : units)
    return this.#bytes.toString(isWide ? 'utf16le' : 'latin1', start, this.#at)
  }

  startShapes(): void {
    this.#shapes = []
  }

  key(): unknown {
    this.#key = this.value()
    return this.#key
  }

  value(): unknown {
    switch (this.#bytes[this.#at++]) {
      case 0:
        return null
      case 1:
        return undefined
      case 2:
        return false
      case 3:
        return true
      case 4:
        return this.#bytes.readInt32LE(this.#skip(4))
      case 5:
        return this.f64()
      case 6:
        return this.#bytes.readBigInt64LE(this.#skip(8))
      case 7: {
        const sign = this.#bytes[this.#at++] === 1 ? -1n : 1n
        return sign * BigInt(`0x${this.#string()}`)
      }
      case 8:
        return this.#string()
      case 9:
        return this.times(this.count(), () => this.value())
      case 11:
        return Object.fromEntries(this.times(this.count(), () => [this.#string(), this.value()]))
      case 13:
        return new Map(this.times(this.count(), () => [this.value(), this.value()]))
      case 14:
        return new Set(this.times(this.count(), () => this.value()))
      case 15:
        return new Date(this.f64())
      case 19: {
        expect(this.#bytes[this.#at++]).toBe(1)
        return new Uint8Array(this.times(this.count(), () => this.#bytes[this.#at++]!))
      }
      case 21:
        return this.#bytes.readInt8(this.#skip(1))
      case 22:
        return this.#bytes.readInt16LE(this.#skip(2))
      case 23:
        this.#shapes.push(this.times(this.count(), () => this.#string()))
        return this.#shaped(this.#shapes.at(-1)!)
      case 24:
        return this.#shaped(this.#shapes[this.count()]!)
      case 25:
        expect(typeof this.#key).toBe('string')
        return this.#key
      default:
        return expect.fail('a tag that the sample does not have')
    }
  }

  #shaped(names: readonly string[]): object {
    return Object.fromEntries(names.map((name) => [name, this.value()]))
  }
}
