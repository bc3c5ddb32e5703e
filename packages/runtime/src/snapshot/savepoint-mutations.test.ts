import { beforeAll, expect, test } from 'vitest'
import { SeededRandom } from '../base/random.ts'
import { exportSnapshot } from './export-snapshot.ts'
import { encodeMetadata } from './metadata-codec.ts'
import { readSnapshot } from './open-snapshot.ts'
import { redistributeOperator } from './redistribute.ts'
import { SnapshotError } from './snapshot-error.ts'
import { createBlockReaders } from './snapshot-reader.ts'
import { forgeFiles } from './testing/forge-files.ts'
import { MemoryStorage } from './testing/memory-storage.ts'
import { mutateFiles } from './testing/mutate-files.ts'
import { type SampleState, writeSampleSavepoint } from './testing/sample-savepoint.ts'

const directory = '/savepoints/savepoint-1'
const firstSeed = Number(process.env.MILLRACE_SEED ?? 1)

const state: SampleState = {
  counts: new Map<unknown, unknown>([
    ...Array.from({ length: 12 }, (_, i): [string, number] => [`key ${i}`, i * 1000]),
    ...Array.from({ length: 40 }, (_, i): [string, object] => [`user ${i}`, { key: `user ${i}`, total: i, at: 'x' }]),
  ]),
  visits: new Map([[1, new Map<unknown, unknown>([['a', { at: new Date(7), tags: ['x', 1n, undefined] }]])]]),
  timers: new Map([['key 1', [1000, 2000]]]),
  splits: ['a.csv', 'b.csv', 'c.csv'],
  rules: [['rule', true]],
}

/** All that a job would take from a savepoint, at another parallelism: metadata, bytes of blocks and items, and what they say. */
async function load(storage: MemoryStorage): Promise<string> {
  const snapshot = await readSnapshot(storage, directory)
  const { readBlock, readItems } = createBlockReaders(storage, directory)
  const parts: string[] = [Buffer.from(encodeMetadata(snapshot.metadata)).toString('latin1')]
  for (const operator of snapshot.metadata.operators) {
    const { parallelism, maxParallelism } = operator
    // One more, so that each broadcast state is somebody's.
    const other = Math.min(parallelism + 1, maxParallelism)
    for (const { keyed, lists } of redistributeOperator(operator, other, maxParallelism)) {
      for (const handle of keyed) {
        for (const index of handle.keyGroups.keys())
          parts.push(Buffer.from(await readBlock(handle, index)).toString('latin1'))
      }
      for (const share of lists) {
        for (const item of await readItems(share)) parts.push(Buffer.from(item).toString('latin1'))
      }
    }
  }
  for await (const line of exportSnapshot(storage, snapshot)) parts.push(line)
  return parts.join('\n')
}

/** One savepoint in files, one inline. */
const originals: { readonly files: ReadonlyMap<string, Uint8Array>; readonly content: string }[] = []
beforeAll(async () => {
  for (const inlineBytesMax of [0, 1_000_000]) {
    const storage = new MemoryStorage()
    await writeSampleSavepoint(state, { parallelism: 3, storage, directory, inlineBytesMax })
    originals.push({ files: new Map(storage.files), content: await load(storage) })
  }
  expect(originals.map(({ files }) => files.size)).toEqual([4, 1])
})

/** What became of loading it: its content, or the code of the error. Anything but a SnapshotError is thrown on. */
type Outcome = { readonly content: string } | { readonly code: string }

async function outcomeOf(storage: MemoryStorage): Promise<Outcome> {
  try {
    return { content: await load(storage) }
  } catch (error) {
    if (error instanceof SnapshotError) return { code: error.code }
    throw error
  }
}

/** Damages a savepoint by a seed, loads it, and counts what became of it. */
async function tryMany(
  count: number,
  damage: (files: Map<string, Uint8Array>, random: SeededRandom) => string,
  check: (original: (typeof originals)[number], storage: MemoryStorage, outcome: Outcome) => void,
): Promise<{ readonly loaded: number; readonly refused: number }> {
  let loaded = 0
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const random = new SeededRandom(seed)
    const original = originals[random.below(2)]!
    const storage = new MemoryStorage()
    for (const [name, bytes] of original.files) storage.files.set(name, bytes)
    const what = damage(storage.files, random)
    try {
      const outcome = await outcomeOf(storage)
      check(original, storage, outcome)
      // No length that is made up may ask for more than there is.
      const largest = Math.max(0, ...[...storage.files.values()].map(({ length }) => length))
      expect(Math.max(0, ...storage.reads.map(([, length]) => length))).toBeLessThanOrEqual(largest)
      if ('content' in outcome) loaded++
    } catch (cause) {
      throw new Error(`Seed ${seed} (${what}); MILLRACE_SEED=${seed} runs it first`, { cause })
    }
  }
  return { loaded, refused: count - loaded }
}

test('10,000 random mutations of a savepoint are refused, or load what was saved', async () => {
  const { loaded, refused } = await tryMany(10_000, mutateFiles, ({ files, content }, storage, outcome) => {
    if ('code' in outcome) {
      expect(['SNAPSHOT_CORRUPT', 'SNAPSHOT_FOREIGN', 'SNAPSHOT_NOT_FOUND']).toContain(outcome.code)
      return
    }
    if (outcome.content !== content) expect.fail('it loaded something else')
    // No byte may have been changed: only more may have come behind the last block.
    for (const [name, bytes] of files) {
      const now = storage.files.get(name)?.subarray(0, bytes.length)
      if (now === undefined || Buffer.compare(now, bytes) !== 0)
        expect.fail(`it loaded in spite of a change of ${name}`)
    }
  })
  // So that neither is vacuous.
  expect(loaded).toBeGreaterThan(500)
  expect(refused).toBeGreaterThan(8000)
})

test('2,000 forged savepoints, whose checksums are right, are refused or loaded, without any other error', async () => {
  const forge = (files: Map<string, Uint8Array>, random: SeededRandom) =>
    forgeFiles(files, `${directory}/_metadata`, random)
  const { loaded, refused } = await tryMany(2000, forge, (_original, _storage, outcome) => {
    if ('code' in outcome) expect(outcome.code).toBe('SNAPSHOT_CORRUPT')
  })
  expect(loaded).toBeGreaterThan(100)
  expect(refused).toBeGreaterThan(1000)
})
