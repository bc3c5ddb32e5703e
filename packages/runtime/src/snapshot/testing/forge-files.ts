import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { Packr } from 'msgpackr/pack'
import { assert } from '../../base/assert.ts'
import type { Random } from '../../base/random.ts'
import { BLOCK_HEADER_BYTES } from '../data-file-format.ts'
import { bodyOffset } from '../metadata-fields.ts'

const packr = new Packr({ useRecords: false, variableMapSize: true })
const largeNumbers = [0, 1, -1, 2 ** 31, 2 ** 32 - 1, 2 ** 40, 2 ** 53, 1e300, Number.NaN]

/**
 * Damages `_metadata`, or a block of state, and makes every checksum right again: what only somebody who means harm does.
 * Answers what was done.
 */
export function forgeFiles(files: Map<string, Uint8Array>, metadataPath: string, random: Random): string {
  const file = Buffer.from(files.get(metadataPath)!)
  const body = file.subarray(bodyOffset)
  const seal = (forged: Uint8Array, what: string): string => {
    files.set(metadataPath, sealed(file, forged))
    return what
  }
  if (random.below(3) === 0) {
    const at = random.below(body.length)
    body[at] = random.below(256)
    return seal(body, `byte ${at} of the body`)
  }
  const metadata = packr.unpack(body) as Record<string, unknown>
  if (random.below(2) === 0) {
    const places = placesOf(metadata, '')
    const { parent, key, path } = places[random.below(places.length)]!
    const values = [largeNumbers[random.below(largeNumbers.length)]!, null, 'x', {}, [], true, Buffer.alloc(3)]
    parent[key] = values[random.below(values.length)]!
    return seal(packr.pack(metadata), `${path} = ${String(parent[key])}`)
  }
  return seal(packr.pack(metadata), forgeBlock(files, metadataPath, metadata, random))
}

function sealed(file: Uint8Array, body: Uint8Array): Uint8Array {
  const header = Buffer.from(file.subarray(0, bodyOffset))
  header.writeUInt32LE(body.length, 12)
  createHash('sha256').update(header.subarray(8, 16)).update(body).digest().copy(header, 16)
  return Buffer.concat([header, body])
}

interface Place {
  readonly parent: Record<string, unknown>
  readonly key: string
  readonly path: string
}

function placesOf(value: unknown, path: string): Place[] {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return []
  const parent = value as Record<string, unknown>
  return Object.keys(parent).flatMap((key) => [
    { parent, key, path: `${path}.${key}` },
    ...placesOf(parent[key], `${path}.${key}`),
  ])
}

/** Changes some bytes of a key group, in its file or inline, and the checksums that are kept of it. */
function forgeBlock(
  files: Map<string, Uint8Array>,
  metadataPath: string,
  metadata: Record<string, unknown>,
  random: Random,
): string {
  const rows = placesOf(metadata, '').filter(({ path }) => /\.keyGroups\.\d+$/.test(path))
  const { parent, key, path } = rows[random.below(rows.length)]!
  const row = parent[key] as number[]
  const [, offset, length] = row
  assert(offset !== undefined && length !== undefined, () => 'a row without an offset')
  const keyed = path
    .slice(1)
    .split('.')
    .slice(0, -2)
    .reduce((at, step) => at[step] as Record<string, unknown>, metadata)
  const { path: name, bytes: inline } = keyed.location as { readonly path?: string; readonly bytes?: Uint8Array }
  const file = name === undefined ? undefined : metadataPath.replace('_metadata', name)
  const all = Buffer.from(file === undefined ? inline! : files.get(file)!)
  const count = 1 + random.below(3)
  for (let i = 0; i < count; i++) all[offset + random.below(length)] = [0xff, 0x7f, random.below(256)][random.below(3)]!
  const checksum = crc32(all.subarray(offset, offset + length))
  row[3] = checksum
  if (file === undefined) {
    keyed.location = { bytes: all }
  } else {
    const header = all.subarray(offset - BLOCK_HEADER_BYTES, offset)
    header.writeUInt32LE(checksum, 24)
    header.writeUInt32LE(crc32(header.subarray(0, 28)), 28)
    files.set(file, all)
  }
  return `${count} bytes of ${path}`
}
