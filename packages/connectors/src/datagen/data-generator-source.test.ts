import { readSource, readSourceThroughFailures, SimulatedClock, type SourceSnapshot } from '@millrace/runtime/testing'
import fc from 'fast-check'
import { expect, expectTypeOf, test } from 'vitest'
import { type DataGeneratorOptions, DataGeneratorSource } from './data-generator-source.ts'
import type { DataGeneratorSplit } from './data-generator-split.ts'
import { choice, sequence, string, timestamp, uniformDouble, uniformInt } from './field-generators.ts'

/** Moves on by itself to whatever is waited for. */
class HastyClock extends SimulatedClock {
  override schedule(delayMs: number, callback: () => void): () => void {
    const cancel = super.schedule(delayMs, callback)
    queueMicrotask(() => {
      if (Number.isFinite(this.nextDueMs())) this.advanceTo(this.nextDueMs())
    })
    return cancel
  }
}

const clock = new HastyClock()
const identity = (index: number) => index

test.each([
  [
    'ranges',
    [
      [0, 1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ],
  ],
  [
    'interleaved',
    [
      [0, 3, 6, 9],
      [1, 4, 7],
      [2, 5, 8],
    ],
  ],
] as const)('DataGeneratorSource deals its records out in %s', async (assignment, expected) => {
  const source = new DataGeneratorSource({ generator: identity, count: 10, assignment })
  expect(source.boundedness).toBe('bounded')
  const { records } = await readSource(source, { clock, parallelism: 3, pollLimit: () => 2 })
  expect(records).toEqual(expected)
})

test('DataGeneratorSource ends in subtasks that have nothing to make', async () => {
  const source = new DataGeneratorSource({ generator: identity, count: 2 })
  expect((await readSource(source, { clock, parallelism: 4 })).records).toEqual([[0], [1], [], []])
  const empty = new DataGeneratorSource({ generator: identity, count: 0 })
  expect((await readSource(empty, { clock })).records).toEqual([[]])
})

test('DataGeneratorSource without a count goes on and on, interleaved', async () => {
  const source = new DataGeneratorSource({ generator: identity })
  expect(source.boundedness).toBe('continuous-unbounded')
  const { records } = await readSource(source, { clock, parallelism: 2, pollLimit: () => 3, recordsMax: 12 })
  expect(records).toEqual([
    [0, 2, 4, 6, 8, 10],
    [1, 3, 5, 7, 9, 11],
  ])
})

const fields = {
  id: sequence(100, 10),
  dice: uniformInt(1, 6),
  share: uniformDouble(-1, 1),
  user: choice(['ann', 'bob']),
  code: string(4, 'xyz'),
  at: timestamp({ startMs: 1000, stepMs: 0.5, outOfOrderMs: 3 }),
}

test('DataGeneratorSource makes the same records for the same seed at every parallelism', async () => {
  const recordsAt = async (parallelism: number, seed: number) => {
    const { records } = await readSource(new DataGeneratorSource({ fields, count: 500, seed }), { clock, parallelism })
    return records.flat().sort((a, b) => a.id - b.id)
  }
  const records = await recordsAt(1, 7)
  expect(await recordsAt(3, 7)).toEqual(records)
  expect(await recordsAt(1, 8)).not.toEqual(records)
})

test('DataGeneratorSource draws fields within their bounds, and all of them', async () => {
  const source = new DataGeneratorSource({ fields, count: 2000 })
  const records = (await readSource(source, { clock })).records.flat()
  expectTypeOf(records[0]!.user).toEqualTypeOf<'ann' | 'bob'>()
  expect(records[3]?.id).toBe(130)
  expect(new Set(records.map(({ dice }) => dice))).toEqual(new Set([1, 2, 3, 4, 5, 6]))
  expect(new Set(records.map(({ user }) => user))).toEqual(new Set(['ann', 'bob']))
  expect(records.every(({ code }) => /^[xyz]{4}$/.test(code))).toBe(true)
  expect(records.every(({ share }) => share >= -1 && share < 1)).toBe(true)
  expect(new Set(records.map(({ at }, index) => 1000 + Math.floor(index / 2) - at))).toEqual(new Set([0, 1, 2, 3]))
  // Each face of the dice about 333 times: six standard deviations are 100.
  const sixes = records.filter(({ dice }) => dice === 6).length
  expect(Math.abs(sixes - 2000 / 6)).toBeLessThan(100)
})

test.each([1, 4])('DataGeneratorSource keeps its rate at parallelism %i', async (parallelism) => {
  const paced = new HastyClock()
  const source = new DataGeneratorSource({ generator: () => paced.monotonicMs(), recordsPerSecond: 200, count: 400 })
  const times = (await readSource(source, { clock: paced, parallelism })).records.flat().sort((a, b) => a - b)
  // The first record of each subtask comes at once.
  const seconds = (400 - parallelism) / 200
  expect(times[0]).toBe(0)
  expect(times.at(-1)! / 1000).toBeCloseTo(seconds, 1)
  const inFirstSecond = times.filter((time) => time < 1000).length
  expect(Math.abs(inFirstSecond - 200)).toBeLessThanOrEqual(parallelism)
})

test('DataGeneratorSource makes up for 100 ms of backpressure at most', async () => {
  const paced = new SimulatedClock()
  const source = new DataGeneratorSource({ generator: () => paced.monotonicMs(), recordsPerSecond: 1000 })
  paced.advanceTo(1)
  const stalled = {
    pollLimit: () => {
      paced.advanceTo(paced.monotonicMs() + 5000)
      return 1_000_000
    },
    recordsMax: 250,
  }
  const times = (await readSource(source, { clock: new StalledClock(paced), ...stalled })).records.flat()
  expect(
    Math.max(
      ...Map.groupBy(times, (time) => time)
        .values()
        .map((same) => same.length),
    ),
  ).toBe(100)
})

/** Lets timers fire at once; the time itself is moved by the test. */
class StalledClock {
  readonly #time: SimulatedClock
  constructor(time: SimulatedClock) {
    this.#time = time
  }
  now(): number {
    return this.#time.now()
  }
  monotonicMs(): number {
    return this.#time.monotonicMs()
  }
  schedule(_delayMs: number, callback: () => void): () => void {
    queueMicrotask(callback)
    return () => {}
  }
}

test.each<[Partial<DataGeneratorOptions<number>>, string]>([
  [{ count: -1 }, 'count must be an integer of at least 0; it is -1'],
  [{ recordsPerSecond: 0 }, 'recordsPerSecond must be a number above 0; it is 0'],
  [{ seed: 0.5 }, 'seed must be an integer; it is 0.5'],
  [{ assignment: 'ranges' }, 'assignment needs a count, since without one records are interleaved; it is ranges'],
])('DataGeneratorSource refuses %o', (options, message) => {
  const whole = { generator: identity, ...options } as DataGeneratorOptions<number>
  expect(() => new DataGeneratorSource(whole)).toThrow(message)
})

test('Field generators refuse bounds that leave nothing to draw', () => {
  expect(() => uniformInt(2, 1)).toThrow('uniformInt needs integers min <= max less than 2^31 apart, not 2 and 1')
  expect(() => uniformDouble(0, Number.POSITIVE_INFINITY)).toThrow('uniformDouble needs numbers min <= max')
  expect(() => choice([])).toThrow('choice needs at least one value')
  expect(() => string(-1)).toThrow('string needs a length of at least 0')
})

const attempts = fc.array(
  fc.record({
    parallelism: fc.integer({ min: 1, max: 6 }),
    snapshotAfter: fc.integer({ min: 0, max: 40 }),
    recordsLost: fc.integer({ min: 0, max: 20 }),
  }),
  { minLength: 1, maxLength: 4 },
)

test.each(['ranges', 'interleaved'] as const)(
  'DataGeneratorSource makes every record once, and the same ones, through failures: %s',
  async (assignment) => {
    await fc.assert(
      fc.asyncProperty(
        attempts,
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 6 }),
        async (runs, limit, parallelism) => {
          const source = new DataGeneratorSource({ fields, count: 150, assignment, seed: 3 })
          await readSourceThroughFailures(source, { clock, attempts: runs, parallelism, pollLimit: () => limit })
        },
      ),
    )
  },
)

test('DataGeneratorSource without a count leaves no record out after a restore at any parallelism', async () => {
  await fc.assert(
    fc.asyncProperty(attempts, async (runs) => {
      const source = new DataGeneratorSource({ generator: identity })
      const kept: number[] = []
      let restore: SourceSnapshot<number, DataGeneratorSplit> | undefined
      for (const { parallelism, snapshotAfter } of runs) {
        const result = await readSource(source, {
          clock,
          parallelism,
          snapshotAfter,
          recordsMax: snapshotAfter,
          restore,
        })
        restore = result.snapshot
        kept.push(...(restore?.records.flat() ?? []))
      }
      const { records } = await readSource(source, { clock, parallelism: 1, recordsMax: 3_000, restore })
      kept.push(...records.flat())
      expect(new Set(kept).size).toBe(kept.length)
      // What is missing are the last ones before the end, where the splits of the only reader are not level.
      const missing = Array.from({ length: kept.length }, (_, index) => index).filter((index) => !kept.includes(index))
      expect(missing.every((index) => index >= 1_000)).toBe(true)
    }),
    { numRuns: 30 },
  )
})

test('DataGeneratorSource occupies all subtasks, and keeps its rate, after a restore at a higher parallelism', async () => {
  const paced = new HastyClock()
  const source = new DataGeneratorSource({ generator: () => paced.monotonicMs(), recordsPerSecond: 800 })
  const { snapshot } = await readSource(source, { clock: paced, parallelism: 2, snapshotAfter: 100, recordsMax: 100 })
  const startMs = paced.monotonicMs()
  const { records } = await readSource(source, { clock: paced, parallelism: 16, recordsMax: 1_600, restore: snapshot })
  expect(records.every((own) => own.length > 50)).toBe(true)
  expect((paced.monotonicMs() - startMs) / 1_000).toBeCloseTo(2, 1)
})
