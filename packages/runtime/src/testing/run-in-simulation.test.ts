import { describe, expect, test } from 'vitest'
import type { JobBuilder } from '../api/job-definition.ts'
import { defineJob } from '../api/job-definition.ts'
import type { Sink } from '../connector/sink.ts'
import { runInSimulation, type SimulationOptions } from './run-in-simulation.ts'

const run = (build: JobBuilder, options?: SimulationOptions) => runInSimulation(defineJob('simulated', build), options)

const SEEDS = Array.from({ length: 20 }, (_, i) => i + 1)

/** Two producers race for one consumer: what arrives when depends on the seed alone. */
const race: JobBuilder = (env) => {
  env
    .setBufferTimeout(0)
    .fromSequence(1, 40)
    .setParallelism(2)
    .rebalance()
    .map((n) => n)
    .setParallelism(2)
    .collect('arrivals')
}

describe('A simulated run', () => {
  test('is the same for the same seed, in every order and number; other seeds interleave otherwise', async () => {
    const orders = new Set<string>()
    for (const seed of SEEDS) {
      const [first, second] = [await run(race, { seed }), await run(race, { seed })]
      expect(second.collected('arrivals')).toEqual(first.collected('arrivals'))
      expect(second.metrics).toEqual(first.metrics)
      orders.add(first.collected('arrivals').join())
    }
    expect(orders.size).toBeGreaterThan(SEEDS.length - 3)
  })

  test('rejects with the error that failed the job, and closes the functions before', async () => {
    for (const seed of SEEDS) {
      const closed: string[] = []
      const failed = run(
        (env) => {
          env
            .fromSequence(1, 40)
            .map({
              map(n: number) {
                if (n === 17) throw new RangeError('no')
                return n
              },
              async close() {
                await new Promise((resolve) => setTimeout(resolve, 2))
                closed.push('closed')
              },
            })
            .name('Fails')
            .setParallelism(2)
            .collect('numbers')
        },
        { seed },
      )
      await expect(failed, `seed ${seed}`).rejects.toMatchObject({
        code: 'JOB_FAILED',
        message: expect.stringMatching(/operator "Fails".*at the record 17: RangeError: no$/),
      })
      expect(closed, `seed ${seed}`).toEqual(['closed', 'closed'])
    }
  })

  test('may be canceled at any time, and closes every function that was opened, once', async () => {
    for (const seed of SEEDS) {
      let open = 0
      let closed = 0
      let finallyBlocks = 0
      const slow: Sink<number> = {
        async createWriter() {
          await new Promise((resolve) => setImmediate(resolve))
          open++
          return {
            write: (n) => (n % 3 === 0 ? new Promise<void>((resolve) => setImmediate(resolve)) : undefined),
            close: async () => {
              await new Promise((resolve) => setImmediate(resolve))
              closed++
            },
          }
        },
      }
      const result = await run(
        (env) => {
          env
            .fromSequence(1, Number.MAX_SAFE_INTEGER)
            .flatMap(function* (n) {
              try {
                for (let i = n; ; i++) yield i
              } finally {
                finallyBlocks++
              }
            })
            .rebalance()
            .map({ map: (n: number) => n, open: () => void open++, close: () => void closed++ })
            .sinkTo(slow)
        },
        {
          seed,
          parallelism: 2,
          onStart: (job) => {
            // Virtual milliseconds: the simulation moves a little with every step.
            let ticks = seed * 5
            const tick = () => (--ticks > 0 ? void Promise.resolve().then(tick) : void job.cancel())
            tick()
          },
        },
      )
      expect(result.status, `seed ${seed}`).toBe('CANCELED')
      expect([closed, finallyBlocks <= 2], `seed ${seed}`).toEqual([open, true])
      const states = result.metrics.vertices.flatMap(({ subtaskStates }) => Object.keys(subtaskStates))
      expect(new Set(states), `seed ${seed}`).toEqual(new Set(['CANCELED']))
    }
  })

  test('is canceled by its signal, in the middle, before it begins, and when it has begun', async () => {
    const abort = new AbortController()
    const abortAt = (last: number): JobBuilder => {
      return (env) => {
        env
          .fromSequence(1, Number.MAX_SAFE_INTEGER)
          .filter((n) => {
            if (n === last) abort.abort()
            return false
          })
          .print()
      }
    }
    expect((await run(abortAt(100), { signal: abort.signal })).status).toBe('CANCELED')
    expect((await run(abortAt(0), { signal: abort.signal })).status).toBe('CANCELED')
    expect((await run(abortAt(0), { onStart: (job) => void job.cancel() })).status).toBe('CANCELED')
  })

  test('that does not end says so, and names its seed', async () => {
    const endless: JobBuilder = (env) => {
      env
        .fromSequence(1, Number.MAX_SAFE_INTEGER)
        .filter(() => false)
        .print()
    }
    await expect(run(endless, { seed: 77, stepsMax: 500 })).rejects.toMatchObject({
      code: 'SIMULATION_STALLED',
      message: expect.stringMatching(/seed 77 does not end: after 500 steps/),
      facts: { seed: 77 },
    })
  })

  test('waits for timers of user code, in real time', async () => {
    const result = await run((env) => {
      env
        .fromAsyncIterable(async function* () {
          for (let i = 0; i < 3; i++) {
            await new Promise((resolve) => setTimeout(resolve, 1))
            yield i
          }
        })
        .collect('numbers')
    })
    expect(result.collected('numbers')).toEqual([0, 1, 2])
  })

  test('tells what was printed, line by line', async () => {
    const result = await run((env) => {
      env.fromElements('a', 'b\nc', '').print()
    })
    expect(result.printed).toEqual(['a', 'b', 'c', ''])
  })

  test('builds the job once for the plan and once in each slot', async () => {
    let builds = 0
    await run((env) => {
      builds++
      env.fromSequence(1, 4).setParallelism(3).collect('numbers')
    })
    expect(builds).toBe(4)
  })
})
