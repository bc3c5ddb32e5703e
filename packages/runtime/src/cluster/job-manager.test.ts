import { describe, expect, test } from 'vitest'
import { defineJob, type JobDefinition } from '../api/job-definition.ts'
import { planJob } from '../api/plan-job.ts'
import { SeededRandom } from '../base/random.ts'
import { Configuration } from '../configuration/configuration.ts'
import type { Source, SourceSplit, SplitEnumerator, SplitEnumeratorContext } from '../connector/source.ts'
import { UserValues } from '../protocol/user-values.ts'
import { SimulatedClock } from '../testing/simulated-clock.ts'
import { SimulatedStorage } from '../testing/simulated-storage.ts'
import { WatermarkStrategy } from '../time/watermark-strategy.ts'
import { checkpointSettings } from './checkpoint-settings.ts'
import { createRestartStrategy } from './create-restart-strategy.ts'
import { JobManager } from './job-manager.ts'
import { jobReference, networkSettings } from './job-settings.ts'
import { FakeSlots } from './testing/fake-slots.ts'

const twoSlots = defineJob('two slots', (env) => {
  env
    .fromSequence(1, 10)
    .map((n) => n + 1)
    .collect('numbers', { limit: 3 })
})

/** A job whose source has the given enumerator. */
function jobOf(enumerator: (context: SplitEnumeratorContext<SourceSplit>) => Partial<SplitEnumerator>): JobDefinition {
  return defineJob('enumerated', (env) => {
    const source: Source<number> = {
      boundedness: 'bounded',
      createEnumerator: (context) => ({
        start: () => {},
        addReader: () => {},
        handleSplitRequest: () => {},
        ...enumerator(context),
      }),
      createReader: () => {
        throw new Error('no reader is made on the coordinator')
      },
    }
    env.fromSource(source, WatermarkStrategy.noWatermarks(), 'Numbers').print()
  })
}

class World {
  readonly clock = new SimulatedClock()
  readonly slots = new FakeSlots()
  readonly log: string[] = []
  readonly manager: JobManager
  readonly values: UserValues
  written = ''
  /** What the program's standard output answers. */
  onWrite: () => void | Promise<void> = () => {}

  constructor(job: JobDefinition = twoSlots, properties = {}) {
    const planned = planJob(job, {
      parallelism: 2,
      configuration: Configuration.empty.with(properties, 'command line'),
    })
    this.values = new UserValues(planned.registeredTypes)
    const logAt = (level: string) => (message: string) => void this.log.push(`${level}: ${message}`)
    const write = (text: string) => {
      this.written += text
      return this.onWrite()
    }
    this.manager = new JobManager({
      jobId: '1'.repeat(32),
      plan: planned.plan,
      job: jobReference(planned, { bundleUrl: '', bundleSha256: '', args: [], parallelism: 2 }),
      values: this.values,
      slotsMax: undefined,
      network: networkSettings(planned.configuration, 2 ** 34),
      transport: this.slots,
      clock: this.clock,
      logger: { debug: () => {}, info: logAt('info'), warn: logAt('warn'), error: logAt('error') },
      standardOutput: write,
      standardError: write,
      checkpoints: checkpointSettings(planned.configuration, '/'),
      storage: new SimulatedStorage({ clock: this.clock, random: new SeededRandom(1) }),
      restartStrategy: createRestartStrategy(planned.configuration, {
        checkpointingEnabled: false,
        random: new SeededRandom(1),
      }),
      hexDigits: (count) => '0'.repeat(count),
      restore: undefined,
      replan: () => {
        throw new Error('nothing is rescaled here')
      },
    })
  }

  /** Deployed, and every subtask runs. */
  static async running(job?: JobDefinition): Promise<World> {
    const world = new World(job)
    await world.manager.start()
    for (const slot of [0, 1]) world.slots.goes(slot, 'INITIALIZING', 'RUNNING')
    return world
  }

  collect(...records: readonly unknown[]): void {
    this.slots.says(0, { kind: 'collected', name: 'numbers', records: this.values.encode(records) })
  }

  async outcome(): Promise<unknown> {
    return this.manager.result.then(
      ({ status }) => status,
      (error: Error) => error.message,
    )
  }
}

/** Lets promises go on. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('JobManager', () => {
  test('ends a job when all its slots have ended', async () => {
    const { manager, slots, clock } = await World.running()
    slots.goes(0, 'FINISHED')
    slots.ends(0)
    await settle()
    expect([manager.status, slots.terminations]).toEqual(['RUNNING', 0])
    clock.advanceTo(50)
    slots.goes(1, 'FINISHED')
    slots.ends(1)
    expect(await manager.result).toMatchObject({ status: 'FINISHED', durationMs: 50 })
    expect([slots.terminations, clock.nextDueMs()]).toEqual([1, Number.POSITIVE_INFINITY])
    clock.advanceTo(1_000)
    expect(manager.metrics()).toMatchObject({
      status: 'FINISHED',
      elapsedMs: 50,
      vertices: [{ subtaskStates: { FINISHED: 2 } }],
    })
  })

  test('cancels in order: every slot is told once, however often it is asked', async () => {
    const { manager, slots, clock } = await World.running()
    const canceled = Promise.all([manager.cancel(), manager.cancel(), manager[Symbol.asyncDispose]()])
    expect([manager.status, slots.sent]).toEqual(['CANCELLING', ['0: cancel', '1: cancel']])
    for (const slot of [0, 1]) {
      slots.goes(slot, 'CANCELING', 'CANCELED')
      slots.ends(slot)
    }
    await canceled
    await manager.cancel()
    expect(await manager.result).toMatchObject({ status: 'CANCELED' })
    expect(clock.nextDueMs()).toBe(Number.POSITIVE_INFINITY)
  })

  test('ends slots by force that do not end, and takes what they still say', async () => {
    const { manager, slots, clock, log } = await World.running()
    slots.onTerminate = () => slots.goes(0, 'CANCELED')
    const canceled = manager.cancel()
    slots.goes(0, 'CANCELING')
    clock.advanceTo(2_999)
    expect(slots.terminations).toBe(0)
    clock.advanceTo(3_000)
    await canceled
    expect(manager.metrics()).toMatchObject({ status: 'CANCELED', vertices: [{ subtaskStates: { CANCELED: 2 } }] })
    expect(log).toEqual(['warn: 2 subtasks did not close within 3000 ms and were ended by force'])
  })

  test('a failure stops the others and is told by the result; what follows from it is not', async () => {
    const world = await World.running()
    const { manager, slots } = world
    slots.fails(0, 'unlucky')
    expect([manager.status, slots.sent]).toEqual(['FAILING', ['0: cancel', '1: cancel']])
    slots.fails(1, 'a consequence')
    slots.ends(0)
    slots.ends(1)
    expect(await world.outcome()).toBe(
      'Job "two slots" failed in operator "Map" (Source: Sequence Source -> Map -> Collect numbers: Writer (1/2)) at the record 57: Error: unlucky',
    )
    await manager.cancel()
    await manager[Symbol.asyncDispose]()
    expect(manager.status).toBe('FAILED')
  })

  test('a failure while canceling is no failure of the job', async () => {
    const world = await World.running()
    const canceled = world.manager.cancel()
    world.slots.fails(0, 'too late')
    world.slots.ends(0)
    world.slots.ends(1, new Error('the thread died'))
    await canceled
    expect(await world.outcome()).toBe('CANCELED')
  })

  test('cancel while failing waits for the failure', async () => {
    const world = await World.running()
    world.slots.fails(0, 'unlucky')
    const canceled = world.manager.cancel()
    world.clock.advanceTo(3_000)
    await canceled
    expect(world.manager.status).toBe('FAILED')
    expect(await world.outcome()).toMatch(/unlucky/)
  })

  test('a slot that is lost fails the job and names its subtasks', async () => {
    const world = await World.running()
    world.slots.ends(1, new Error('out of memory'))
    world.slots.goes(0, 'CANCELED')
    world.slots.ends(0)
    expect(await world.outcome()).toMatch(/thread of .*\(2\/2\) of job "two slots" ended unexpectedly: out of memory/)
  })

  test('a slot may fail before deploy has returned: the others are still told, and all are ended', async () => {
    const world = new World()
    world.slots.onDeploy = () => world.slots.ends(0, new Error('no thread'))
    await world.manager.start()
    expect(world.slots.sent).toEqual(['0: cancel', '1: cancel'])
    world.slots.ends(1)
    expect(await world.outcome()).toMatch(/ended unexpectedly: no thread/)
    expect(world.slots.terminations).toBe(1)
  })

  test('a transport that cannot deploy fails the job, and start tells it', async () => {
    const world = new World()
    world.slots.onDeploy = () => {
      throw new Error('no more threads')
    }
    await expect(world.manager.start()).rejects.toThrow('Job "two slots" failed: no more threads')
    expect(await world.outcome()).toBe('Job "two slots" failed: no more threads')
    expect(world.clock.nextDueMs()).toBe(Number.POSITIVE_INFINITY)
  })

  test('a message that cannot be fails the job, not the program', async () => {
    const world = await World.running()
    world.slots.goes(0, 'DEPLOYING')
    expect(world.manager.status).toBe('FAILING')
    world.clock.advanceTo(3_000)
    expect(await world.outcome()).toMatch(/a subtask cannot go from RUNNING to DEPLOYING/)
  })

  test('threads that cannot be ended do not keep the job from ending', async () => {
    const world = await World.running()
    world.slots.onTerminate = () => Promise.reject(new Error('stuck'))
    for (const slot of [0, 1]) {
      world.slots.goes(slot, 'FINISHED')
      world.slots.ends(slot)
    }
    expect(await world.outcome()).toBe('FINISHED')
    expect(world.log).toEqual(['warn: the threads could not be ended in order'])
  })

  test('an error of a thread whose slot has ended is logged', async () => {
    const world = await World.running()
    world.slots.throwsStray(new Error('a timer'))
    expect([world.manager.status, world.log]).toEqual([
      'RUNNING',
      ['warn: user code threw after the subtasks of its thread had ended'],
    ])
  })

  test('collects up to the limit; what goes beyond it fails the job and is not kept', async () => {
    const world = await World.running()
    world.collect(1, 2)
    expect(world.manager.collected('numbers')).toEqual([1, 2])
    world.collect(3, 4)
    world.collect(5)
    expect(world.manager.collected('numbers')).toEqual([1, 2, 3])
    world.clock.advanceTo(3_000)
    expect(await world.outcome()).toMatch(/collect\("numbers"\) took more than its limit of 3 records/)
    expect(() => world.manager.collected('letters')).toThrow('The job has no collect("letters"). It has: "numbers".')
  })
})

describe('The text of a job', () => {
  const write = (world: World, text: string) => world.slots.says(0, { kind: 'text', stream: 'stdout', text })

  test('is written before the job ends, and the slot is told', async () => {
    const world = await World.running()
    const reader = Promise.withResolvers<void>()
    world.onWrite = () => reader.promise
    write(world, 'a\n')
    for (const slot of [0, 1]) world.slots.goes(slot, 'FINISHED')
    await settle()
    world.slots.ends(0)
    world.slots.onTerminate = () => write(world, 'the last line\n')
    world.slots.ends(1)
    await settle()
    expect(world.manager.status).toBe('RUNNING')
    reader.resolve()
    expect(await world.outcome()).toBe('FINISHED')
    expect(world.written).toBe('a\nthe last line\n')
  })

  test.each(['while it runs', 'at its very end'])('that cannot be written %s fails the job', async (when) => {
    const world = await World.running()
    world.onWrite = () => Promise.reject(Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' }))
    if (when === 'while it runs') write(world, 'a\n')
    else world.slots.onTerminate = () => write(world, 'the last line\n')
    await settle()
    for (const slot of [0, 1]) {
      world.slots.goes(slot, when === 'while it runs' ? 'CANCELED' : 'FINISHED')
      world.slots.ends(slot)
    }
    expect(await world.outcome()).toMatch(/could not be written to standard output: ENOSPC: no space left/)
    expect(world.clock.nextDueMs()).toBe(Number.POSITIVE_INFINITY)
  })

  test('into a pipe that nobody reads any more is not missed', async () => {
    const world = await World.running()
    world.onWrite = () => Promise.reject(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
    write(world, 'a\n')
    await settle()
    for (const slot of [0, 1]) {
      world.slots.goes(slot, 'FINISHED')
      world.slots.ends(slot)
    }
    expect(await world.outcome()).toBe('FINISHED')
  })

  test('that nobody takes does not keep a canceled job from ending', async () => {
    const world = await World.running()
    world.onWrite = () => new Promise(() => {})
    write(world, 'a\n')
    const canceled = world.manager.cancel()
    world.clock.advanceTo(3_000)
    await settle()
    expect(world.manager.status).toBe('CANCELLING')
    world.clock.advanceTo(3_500)
    await canceled
    expect(world.manager.status).toBe('CANCELED')
  })

  test.each([0, 1, 2, 3, 4, 5, 6, 8, 10, 12])(
    'that is lost %i steps after nobody waits for it any more leaves the job an end',
    async (steps) => {
      const world = await World.running()
      const written = Promise.withResolvers<void>()
      world.onWrite = () => written.promise
      write(world, 'a\n')
      for (const slot of [0, 1]) {
        world.slots.goes(slot, 'FINISHED')
        world.slots.ends(slot)
      }
      await settle()
      const canceled = world.manager.cancel()
      world.clock.advanceTo(500)
      for (let step = 0; step < steps; step++) await undefined
      written.reject(new Error('no space left'))
      await canceled
      expect(['FINISHED', 'FAILED']).toContain(world.manager.status)
    },
  )

  test('that nobody takes keeps a finished job from ending only until it is canceled', async () => {
    const world = await World.running()
    world.onWrite = () => new Promise(() => {})
    write(world, 'a\n')
    for (const slot of [0, 1]) {
      world.slots.goes(slot, 'FINISHED')
      world.slots.ends(slot)
    }
    await settle()
    const canceled = world.manager.cancel()
    world.clock.advanceTo(500)
    await canceled
    expect(world.manager.status).toBe('FINISHED')
    expect(world.clock.nextDueMs()).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('The enumerator of a source', () => {
  test.each([
    [
      'cannot be made',
      () => {
        throw new Error('no such file')
      },
    ],
    ['cannot start', () => ({ start: () => Promise.reject(new Error('no such file')) })],
  ])('that %s keeps the job from starting, with no thread started', async (_, enumerator) => {
    const world = new World(jobOf(enumerator))
    const message = 'The source "Source: Numbers" could not find its input: no such file'
    await expect(world.manager.start()).rejects.toThrow(message)
    expect(await world.outcome()).toBe(message)
    expect([world.manager.status, world.slots.deployments]).toEqual(['FAILED', []])
    expect(world.clock.nextDueMs()).toBe(Number.POSITIVE_INFINITY)
  })

  test('sees the cancellation while it starts; the job is canceled and nothing is deployed', async () => {
    const calls: string[] = []
    const world = new World(
      jobOf(({ signal }) => ({
        start: () =>
          new Promise((_, reject) => {
            signal.addEventListener('abort', () => reject(new Error('aborted')))
          }),
        close: () => void calls.push('closed'),
      })),
    )
    const started = world.manager.start()
    await settle()
    await world.manager.cancel()
    await started
    expect([await world.outcome(), world.slots.deployments, calls]).toEqual(['CANCELED', [], ['closed']])
    expect(world.manager.metrics().vertices[0]?.subtaskStates).toEqual({ CANCELED: 2 })
  })

  test('that never starts does not keep a job from being canceled', async () => {
    const world = new World(jobOf(() => ({ start: () => new Promise(() => {}) })))
    const started = world.manager.start()
    await settle()
    const canceled = world.manager.cancel()
    world.clock.advanceTo(3_000)
    await canceled
    await started
    expect(world.manager.status).toBe('CANCELED')
  })

  test('that fails late fails the job', async () => {
    const world = await World.running(
      jobOf(() => ({ handleSplitRequest: () => Promise.reject(new Error('the server is gone')) })),
    )
    world.slots.says(0, { kind: 'split-request', subtask: { vertexIndex: 0, subtaskIndex: 0 } })
    await settle()
    expect(world.manager.status).toBe('FAILING')
    world.clock.advanceTo(3_000)
    expect(await world.outcome()).toBe(
      'The source "Source: Numbers" failed while it dealt out its input: the server is gone',
    )
  })

  test('is called by nobody after the end, and its timers end', async () => {
    const calls: string[] = []
    const world = await World.running(
      jobOf(({ clock }) => ({
        start: () => void clock.schedule(60_000, () => calls.push('timer')),
        addReader: () => void calls.push('added'),
        handleSplitRequest: () => void calls.push('request'),
        close: () => void calls.push('closed'),
      })),
    )
    const subtask = { vertexIndex: 0, subtaskIndex: 0 }
    world.slots.says(0, { kind: 'reader-started', subtask })
    for (const slot of [0, 1]) {
      world.slots.goes(slot, 'FINISHED')
      world.slots.ends(slot)
    }
    world.slots.says(0, { kind: 'split-request', subtask })
    await world.manager.result
    expect([calls, world.clock.nextDueMs()]).toEqual([['added', 'closed'], Number.POSITIVE_INFINITY])
  })

  test('that throws in a timer fails the job, also before it is deployed', async () => {
    const world = new World(
      jobOf(({ clock }) => ({
        start: () => {
          clock.schedule(10, () => {
            throw new Error('timer')
          })
          return new Promise(() => {})
        },
      })),
    )
    const started = world.manager.start()
    await settle()
    world.clock.advanceTo(10)
    await settle()
    world.clock.advanceTo(3_010)
    await expect(started).rejects.toThrow('failed while it dealt out its input: timer')
    expect(world.manager.status).toBe('FAILED')
  })

  test('that does not close in time does not keep the job from ending', async () => {
    const world = await World.running(jobOf(() => ({ close: () => new Promise(() => {}) })))
    for (const slot of [0, 1]) {
      world.slots.goes(slot, 'FINISHED')
      world.slots.ends(slot)
    }
    await settle()
    expect([world.manager.status, world.slots.terminations]).toEqual(['RUNNING', 1])
    world.clock.advanceTo(3_000)
    expect(await world.outcome()).toBe('FINISHED')
    expect(world.log).toEqual(['warn: the sources did not close within 3000 ms'])
  })

  test('may give splits to registered readers only', async () => {
    const world = await World.running(
      jobOf((context) => ({ handleSplitRequest: () => context.assignSplit({ splitId: 'a' }, 1) })),
    )
    world.slots.says(0, { kind: 'reader-started', subtask: { vertexIndex: 0, subtaskIndex: 1 } })
    world.slots.says(0, { kind: 'split-request', subtask: { vertexIndex: 0, subtaskIndex: 1 } })
    await settle()
    expect(world.slots.sent).toEqual(['1: add-splits'])

    const wrong = await World.running(jobOf((context) => ({ addReader: () => context.signalNoMoreSplits(7) })))
    wrong.slots.says(0, { kind: 'reader-started', subtask: { vertexIndex: 0, subtaskIndex: 1 } })
    await settle()
    wrong.clock.advanceTo(3_000)
    expect(await wrong.outcome()).toMatch(/Cannot signal the end of splits to reader 7 .* has readers 0 to 1\.$/)
  })
})
