import {
  type Collector,
  defineJob,
  type JobDefinition,
  type JobHandle,
  type KeyedProcessFunction,
  type Sink,
  type StreamExecutionEnvironment,
} from '@millrace/runtime'
import { runInSimulation, type SimulationOptions, type SimulationResult } from '@millrace/runtime/testing'
import { describe, expect, test } from 'vitest'

const EVERY_10_MS = { 'execution.checkpointing.interval': '10 ms', 'execution.checkpointing.dir': '/checkpoints' }
const RESTARTS = {
  ...EVERY_10_MS,
  'restart-strategy.type': 'fixed-delay',
  'restart-strategy.fixed-delay.attempts': 3,
  'restart-strategy.fixed-delay.delay': '5 ms',
}

/** Output that becomes visible when a checkpoint is complete. */
class CommittedSink<T> implements Sink<T> {
  readonly committed: T[] = []
  readonly #known = new Set<number>()
  #ids = 0

  createWriter() {
    let written: T[] = []
    return {
      write: (record: T) => void written.push(record),
      prepareCommit: () => {
        if (written.length === 0) return []
        const records = written
        written = []
        return [{ id: this.#ids++, records }]
      },
    }
  }

  createCommitter() {
    return {
      commit: (committables: readonly unknown[]) => {
        for (const { id, records } of committables as readonly { id: number; records: readonly T[] }[]) {
          if (this.#known.has(id)) continue
          this.#known.add(id)
          this.committed.push(...records)
        }
      },
    }
  }
}

const sumsByKey = (n: number): readonly number[] =>
  Array.from({ length: 7 }, (_, key) => {
    let sum = 0
    for (let i = 1; i <= n; i++) if (i % 7 === key) sum += i
    return sum
  })

/** Running sums of 1 .. n by n % 7. */
function sums(
  n: number,
  sink: Sink<number>,
  step: (i: number) => number = (i) => i,
  set: (env: StreamExecutionEnvironment) => void = () => {},
): JobDefinition {
  return defineJob('sums', (env) => {
    set(env)
    env
      .fromSequence(1, n)
      .uid('numbers')
      .map(step)
      .keyBy((i) => i % 7)
      .reduce((a, b) => a + b)
      .uid('sums')
      .sinkTo(sink)
      .uid('sink')
  })
}

/** Runs a job to its end, and does something with it meanwhile. */
async function runWith(
  job: JobDefinition,
  options: SimulationOptions,
  act: (handle: JobHandle) => Promise<unknown> = async () => {},
): Promise<SimulationResult & { readonly handle: JobHandle }> {
  let handle: JobHandle | undefined
  let acted: Promise<unknown> = Promise.resolve()
  const result = await runInSimulation(job, {
    parallelism: 2,
    ...options,
    onStart: (started) => {
      handle = started
      acted = act(started)
      acted.catch(() => {})
    },
  })
  await acted
  return { ...result, handle: handle! }
}

describe('A failed job', () => {
  test.each([1, 2, 3, 4, 5])(
    'goes on from its newest checkpoint; committed output holds each record once (seed %i)',
    async (seed) => {
      const sink = new CommittedSink<number>()
      let failures = 0
      const job = sums(2_000, sink, (i) => {
        if (i === 1_700 && failures++ < 2) throw new Error('an accident')
        return i
      })
      const { handle, status } = await runWith(job, { seed, config: RESTARTS })
      expect([status, handle.restarts]).toEqual(['FINISHED', 2])
      expect(handle.checkpoints().counts.restored).toBeGreaterThan(0)
      expect(sink.committed).toHaveLength(2_000)
      expect(sink.committed).toEqual(expect.arrayContaining([...sumsByKey(2_000)]))
    },
  )

  test('fails for good, with its cause, when the restart strategy gives up', async () => {
    const job = sums(100, new CommittedSink(), (i) => {
      if (i === 50) throw new RangeError('always')
      return i
    })
    const failed = await runInSimulation(job, { config: RESTARTS }).catch((error: unknown) => error)
    expect(failed).toMatchObject({ code: 'JOB_FAILED', cause: { name: 'RangeError', message: 'always' } })
  })

  test('is restarted without state where there is no checkpoint yet', async () => {
    const sink = new CommittedSink<number>()
    let failures = 0
    const job = sums(100, sink, (i) => {
      if (i === 3 && failures++ === 0) throw new Error('at once')
      return i
    })
    await runWith(job, { config: { ...RESTARTS, 'execution.checkpointing.interval': '1 h' } })
    expect(sink.committed).toHaveLength(100)
    expect(sink.committed).toEqual(expect.arrayContaining([...sumsByKey(100)]))
  })

  test('that is canceled while it waits for its restart is CANCELED', async () => {
    const job = sums(100, new CommittedSink(), (i) => {
      if (i === 50) throw new Error('again')
      return i
    })
    const config = { ...RESTARTS, 'restart-strategy.fixed-delay.delay': '1 h' }
    let job1: JobHandle | undefined
    const result = await runInSimulation(job, {
      parallelism: 2,
      config,
      onStep: ({ job: handle }) => {
        job1 ??= handle
        if (handle.status === 'RESTARTING') void handle.cancel()
      },
    })
    expect([result.status, job1?.restarts]).toEqual(['CANCELED', 0])
  })
})

describe('A bounded job', () => {
  test('commits its last output by a checkpoint at its end, without waiting for the interval', async () => {
    const sink = new CommittedSink<number>()
    const { metrics, handle } = await runWith(sums(100, sink), {
      config: { ...EVERY_10_MS, 'execution.checkpointing.interval': '1 h' },
    })
    expect(sink.committed).toHaveLength(100)
    expect(handle.checkpoints().counts).toMatchObject({ completed: 1, failed: 0 })
    expect(metrics.elapsedMs).toBeLessThan(60_000)
  })

  test('commits at its end without checkpoints, too', async () => {
    const sink = new CommittedSink<number>()
    await runWith(sums(100, sink), {})
    expect(sink.committed).toHaveLength(100)
  })

  test('leaves no checkpoint behind once it has finished', async () => {
    const { files, handle } = await runWith(sums(2_000, new CommittedSink()), { config: EVERY_10_MS })
    expect(handle.checkpoints().counts.completed).toBeGreaterThan(1)
    expect([...files.keys()]).toEqual([])
  })
})

describe('A savepoint', () => {
  test.each([1, 2, 3, 5, 8])('is where another run goes on, at parallelism %i', async (parallelism) => {
    const sink = new CommittedSink<number>()
    let path = ''
    const first = await runWith(sums(1_000, sink), { config: EVERY_10_MS }, async (handle) => {
      path = await handle.stopWithSavepoint({ directory: '/savepoints' })
    })
    expect([first.status, sink.committed.length < 1_000]).toEqual(['FINISHED', true])
    const second = await runWith(sums(1_000, sink), {
      seed: 7,
      parallelism,
      files: first.files,
      restore: { from: { path }, allowNonRestoredState: false, dropState: [], claimMode: 'NO_CLAIM' },
    })
    expect(second.status).toBe('FINISHED')
    expect(sink.committed).toHaveLength(1_000)
    expect(sink.committed).toEqual(expect.arrayContaining([...sumsByKey(1_000)]))
  })

  test('does not disturb the job that goes on', async () => {
    const sink = new CommittedSink<number>()
    const { files } = await runWith(sums(1_000, sink), {}, (handle) => handle.triggerSavepoint('/savepoints'))
    expect(sink.committed).toHaveLength(1_000)
    expect([...files.keys()]).toEqual([
      expect.stringMatching(/^\/savepoints\/savepoint-[0-9a-f]{6}-[0-9a-f]{12}\/_metadata$/),
    ])
  })

  test('needs a directory', async () => {
    await runWith(sums(100, new CommittedSink()), {}, (handle) =>
      expect(handle.triggerSavepoint()).rejects.toMatchObject({ code: 'NO_SAVEPOINT_DIRECTORY' }),
    )
  })

  test('that cannot be written fails by itself, and the job goes on', async () => {
    const sink = new CommittedSink<number>()
    const full = [{ fromMs: 0, untilMs: Number.POSITIVE_INFINITY }]
    await runWith(
      sums(1_000, sink),
      { storageFaults: { latencyMsMax: 0, failuresPerThousand: 0, failuresMax: 0, fullPeriods: full } },
      async (handle) => {
        await expect(handle.triggerSavepoint('/savepoints')).rejects.toMatchObject({ code: 'SAVEPOINT_FAILED' })
        await expect(handle.stopWithSavepoint({ directory: '/savepoints' })).rejects.toMatchObject({
          code: 'SAVEPOINT_FAILED',
        })
      },
    )
    expect(sink.committed).toHaveLength(1_000)
  })
})

/** Counts by key; tells the counts when its input ends. */
class CountAtEnd implements KeyedProcessFunction<number, number, string> {
  #count = 0
  processElement(): void {
    this.#count++
  }
  endInput(out: Collector<string>): void {
    out.collect(`${this.#count}`)
  }
}

describe('A stop with savepoint', () => {
  const job = defineJob('ends', (env) => {
    env
      .fromSequence(1, 5_000)
      .keyBy((i) => i % 7)
      .process(new CountAtEnd())
      .collect('ends')
  })

  test('is no end of the input for operators', async () => {
    const { collected, status } = await runWith(job, {}, (handle) =>
      handle.stopWithSavepoint({ directory: '/savepoints' }),
    )
    expect([status, collected('ends')]).toEqual(['FINISHED', []])
  })

  test('with drain is: they emit what they hold back before the savepoint', async () => {
    const { collected, status } = await runWith(job, {}, (handle) =>
      handle.stopWithSavepoint({ directory: '/savepoints', drain: true }),
    )
    expect([status, collected('ends').length]).toEqual(['FINISHED', 2])
  })
})

describe('Rescaling', () => {
  test.each([1, 3, 4])('to parallelism %i keeps every record and all state', async (parallelism) => {
    const sink = new CommittedSink<number>()
    let durationMs = 0
    const { handle, metrics } = await runWith(sums(1_000, sink), { config: EVERY_10_MS }, async (running) => {
      const result = await running.rescale(parallelism)
      durationMs = result.durationMs
      expect(result.vertices.map(({ before, after }) => [before.parallelism, after.parallelism])).toEqual([
        [2, parallelism],
        [2, parallelism],
      ])
    })
    expect([handle.restarts, metrics.vertices.map((vertex) => vertex.parallelism)]).toEqual([
      1,
      [parallelism, parallelism],
    ])
    expect(durationMs).toBeGreaterThan(0)
    expect(sink.committed).toHaveLength(1_000)
    expect(sink.committed).toEqual(expect.arrayContaining([...sumsByKey(1_000)]))
  })

  test('works without any directory', async () => {
    const sink = new CommittedSink<number>()
    await runWith(sums(1_000, sink), {}, async (handle) => {
      await handle.rescale(3)
      await handle.rescale(1)
    })
    expect(sink.committed).toHaveLength(1_000)
    expect(sink.committed).toEqual(expect.arrayContaining([...sumsByKey(1_000)]))
  })

  test('is refused before anything is stopped if the job cannot have that parallelism', async () => {
    const { handle } = await runWith(sums(100, new CommittedSink()), {}, async (running) => {
      await expect(running.rescale(129)).rejects.toMatchObject({
        code: 'RESCALE_REFUSED',
        message: expect.stringContaining('128'),
      })
      await expect(running.rescale(2)).rejects.toMatchObject({ code: 'RESCALE_REFUSED' })
    })
    expect(handle.restarts).toBe(0)
  })

  test('brings the job back at the old parallelism if it cannot be started at the new one', async () => {
    const sink = new CommittedSink<number>()
    const job = defineJob('sums', (env) => {
      env
        .fromSequence(1, 1_000)
        .keyBy((i) => i % 7)
        .reduce({
          reduce: (a, b) => a + b,
          open: ({ taskInfo }) => {
            if (taskInfo.parallelism === 3) throw new Error('not three of us')
          },
        })
        .sinkTo(sink)
    })
    const { metrics, handle } = await runWith(job, {}, (running) =>
      expect(running.rescale(3)).rejects.toMatchObject({
        code: 'RESCALE_FAILED',
        message: expect.stringContaining('not three of us'),
      }),
    )
    expect([metrics.vertices.map(({ parallelism }) => parallelism), handle.restarts]).toEqual([[2, 2], 2])
    expect(sink.committed).toHaveLength(1_000)
    expect(sink.committed).toEqual(expect.arrayContaining([...sumsByKey(1_000)]))
  })
})

describe('A checkpoint', () => {
  test('goes on being taken when some subtasks have finished', async () => {
    const sink = new CommittedSink<number>()
    const job = defineJob('short and long', (env) => {
      const short = env.fromElements(-7, -14)
      const long = env.fromSequence(1, 2_000)
      short
        .union(long)
        .keyBy((i) => i % 7)
        .reduce((a, b) => a + b)
        .sinkTo(sink)
    })
    const { handle } = await runWith(job, { config: RESTARTS })
    expect(handle.checkpoints().counts.completed).toBeGreaterThan(2)
    expect(sink.committed).toHaveLength(2_002)
  })

  test('is told apart by subtask: delays, sizes and times', async () => {
    const { handle } = await runWith(sums(2_000, new CommittedSink()), { config: EVERY_10_MS })
    const entry = handle.checkpoints().history.find(({ status }) => status === 'COMPLETED')!
    expect(entry).toMatchObject({ isSavepoint: false, stateBytes: expect.any(Number) })
    expect(entry.vertices.map(({ vertexName, subtasks }) => [vertexName, subtasks.length])).toEqual([
      ['Source: Sequence Source -> Map', 2],
      ['Keyed Reduce -> Sink: Writer', 2],
    ])
  })
})
