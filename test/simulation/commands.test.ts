import { defineJob, type JobDefinition, type JobHandle } from '@millrace/runtime'
import { runInSimulation, type SimulationOptions } from '@millrace/runtime/testing'
import { expect, test } from 'vitest'
import { CommittedSink } from './committed-sink.ts'

/** Replays one. */
const SEED = process.env.MILLRACE_SEED === undefined ? undefined : Number(process.env.MILLRACE_SEED)
const SEEDS = Number(process.env.MILLRACE_SEEDS ?? 100)
const COMMANDS_MAX = 6
/** Of virtual time. What waits for something that never comes waits for minutes. */
const TIME_MAX_MS = 60_000

const recordCount = 300
const keyCount = 7

/** Of a source that ends long before the other. */
const shortCount = 20
const shortNames: readonly string[] = Array.from({ length: shortCount }, (_, i) => String(i + 1))

/** `2:9` for the ninth record of key 2; then what the short source has sent along its two ways. */
const allCounts: readonly string[] = Array.from({ length: recordCount }, (_, i) => i + 1)
  .map((i) => `${i % keyCount}:${Math.floor((i - (i % keyCount === 0 ? keyCount : i % keyCount)) / keyCount) + 1}`)
  .concat(
    shortNames.map((name) => `chained ${name}`),
    shortNames.map((name) => `sent ${name}`),
  )
  .sort()

function counts(sink: CommittedSink<string>): JobDefinition {
  return defineJob('counts', (env) => {
    const short = env.fromSequence(1, shortCount).uid('short')
    // Its chain waits for a last checkpoint, while what reads from it has ended.
    short
      .map((i) => `chained ${i}`)
      .sinkTo(sink)
      .uid('chained')
    short
      .rebalance()
      .map((i) => `sent ${i}`)
      .uid('sent')
      .sinkTo(sink)
      .uid('sent-sink')
    env
      .fromSequence(shortCount + 1, recordCount)
      .uid('numbers')
      .union(short)
      .map((i): readonly [number, number] => [i % keyCount, 1])
      .rebalance()
      .keyBy(([key]) => key)
      .reduce(([key, a], [, b]) => [key, a + b] as const)
      .uid('counts')
      .map(([key, count]) => `${key}:${count}`)
      .sinkTo(sink)
      .uid('sink')
  })
}

const config = {
  'execution.checkpointing.interval': '15 ms',
  'execution.checkpointing.dir': '/checkpoints',
  'execution.checkpointing.externalized-checkpoint-retention': 'RETAIN_ON_CANCELLATION',
  'restart-strategy.type': 'fixed-delay',
  'restart-strategy.fixed-delay.attempts': 20,
  'restart-strategy.fixed-delay.delay': '5 ms',
  'pipeline.max-parallelism': 8,
  'pipeline.check-mutation': false,
}

type Command = 'savepoint' | 'checkpoint' | 'rescale' | 'stop' | 'drain' | 'cancel' | 'kill'

/** What one seed does to its job: some end it, some do not. */
function commandsOf(seed: number): readonly Command[] {
  const ends: readonly Command[] = [(['stop', 'drain', 'checkpoint'] as const)[seed % 3]!]
  return ['savepoint', 'rescale', 'checkpoint', 'kill', ...ends, seed % 5 === 0 ? 'cancel' : 'checkpoint']
}

/** Commands that were given, and what became of them. */
class Commands {
  readonly story: string[] = []
  readonly unanswered = new Set<string>()
  /** Of the savepoint that the job was stopped with. */
  stoppedWith: string | undefined
  #count = 0

  give(job: JobHandle, command: Exclude<Command, 'kill'>, parallelism: number): void {
    const name = `${++this.#count} ${command}`
    this.unanswered.add(name)
    this.story.push(`${name}, when the job is ${job.status}`)
    const answered = (how: string): void => {
      this.unanswered.delete(name)
      this.story.push(`${name}: ${how}`)
    }
    this.#carryOut(job, command, parallelism).then(
      (answer) => {
        if (command === 'stop' || command === 'drain') this.stoppedWith = answer as string
        answered(`done ${JSON.stringify(answer)}`)
      },
      (error: Error) => answered(error.message),
    )
  }

  #carryOut(job: JobHandle, command: Exclude<Command, 'kill'>, parallelism: number): Promise<unknown> {
    switch (command) {
      case 'savepoint':
        return job.triggerSavepoint('/savepoints')
      case 'checkpoint':
        return job.triggerCheckpoint()
      case 'rescale':
        return job.rescale(parallelism)
      case 'stop':
        return job.stopWithSavepoint({ directory: '/savepoints' })
      case 'drain':
        return job.stopWithSavepoint({ directory: '/savepoints', drain: true })
      case 'cancel':
        return job.cancel()
    }
  }
}

/** Runs the job under commands, then goes on from where it was stopped or canceled, if it was. */
async function runUnderCommands(seed: number): Promise<void> {
  const sink = new CommittedSink<string>()
  const commands = new Commands()
  let left = COMMANDS_MAX
  const options: SimulationOptions = {
    seed,
    parallelism: 2,
    config,
    isAllVirtual: true,
    messageDelayMsMax: seed % 4,
    storageFaults: {
      latencyMsMax: seed % 2 === 0 ? 20 : 0,
      failuresPerThousand: seed % 7 === 0 ? 30 : 0,
      failuresMax: 10,
      fullPeriods: [],
    },
    onStep: ({ job, random, slots }) => {
      if (left === 0 || !['RUNNING', 'RESTARTING'].includes(job.status) || random.below(150) > 0) return
      left--
      const command = commandsOf(seed)[random.below(6)]!
      if (command !== 'kill') return commands.give(job, command, 1 + random.below(4))
      const live = slots.liveSlots()
      if (live.length === 0) return
      commands.story.push(`a slot is killed, when the job is ${job.status}`)
      slots.kill(live[random.below(live.length)]!, new Error('killed'))
    },
  }
  try {
    const first = await runInSimulation(counts(sink), options)
    let elapsedMs = first.metrics.elapsedMs
    // What the job's end has settled may have a way to go.
    await new Promise((resolve) => setImmediate(resolve))
    const from = commands.stoppedWith
    if (from !== undefined || first.status === 'CANCELED') {
      const { metrics } = await runInSimulation(counts(sink), {
        ...{ seed, config, isAllVirtual: true, files: first.files, parallelism: 1 + (seed % 4) },
        restore: {
          from: from === undefined ? 'resume' : { path: from },
          allowNonRestoredState: false,
          dropState: [],
          claimMode: 'NO_CLAIM',
        },
      })
      elapsedMs += metrics.elapsedMs
    }
    expect([...commands.unanswered]).toEqual([])
    expect(sink.committed.toSorted()).toEqual(allCounts)
    expect(elapsedMs).toBeLessThan(TIME_MAX_MS)
    expect(commands.story.join('\n'), 'figures').not.toContain('null')
  } catch (error) {
    const replay = `Replay it by: MILLRACE_SEED=${seed} npm test -- test/simulation/commands`
    throw new Error([replay, ...commands.story].join('\n'), { cause: error })
  }
}

test('Whatever commands a job is given at any time, each is answered, and nothing is lost or doubled', async () => {
  const seeds = SEED === undefined ? Array.from({ length: SEEDS }, (_, i) => i) : [SEED]
  for (const seed of seeds) await runUnderCommands(seed)
})

test('A checkpoint that crosses the end of a subtask is not waited for in vain', async () => {
  const seeds = SEED === undefined ? Array.from({ length: SEEDS }, (_, i) => i) : [SEED]
  for (const seed of seeds) {
    const sink = new CommittedSink<string>()
    const { metrics } = await runInSimulation(counts(sink), {
      ...{ seed, config, isAllVirtual: true, parallelism: 2, messageDelayMsMax: 2 },
      onStep: ({ job, random }) => {
        // Most of them fail, since it ends meanwhile.
        if (random.below(40) === 0 && job.status === 'RUNNING') job.triggerCheckpoint().catch(() => {})
      },
    })
    expect({ seed, counts: sink.committed.toSorted() }).toEqual({ seed, counts: allCounts })
    expect(metrics.elapsedMs, `seed ${seed}`).toBeLessThan(TIME_MAX_MS)
  }
})

test('A job that ends by itself before it could be stopped for a rescaling does not run once more', async () => {
  const job = defineJob('short', (env) => {
    env.fromSequence(1, 50).collect('numbers')
  })
  let answer: Promise<unknown> | undefined
  const result = await runInSimulation(job, {
    // The directory of the savepoint takes longer than all the job.
    storageFaults: { latencyMsMax: 10_000, failuresPerThousand: 0, failuresMax: 0, fullPeriods: [] },
    config: { 'execution.checkpointing.dir': '/checkpoints' },
    onStep: ({ job }) => {
      if (job.status === 'RUNNING') answer ??= job.rescale(2).catch((error: Error) => error.message)
    },
  })
  expect([result.status, result.collected('numbers').length]).toEqual(['FINISHED', 50])
  expect(await answer).toMatch(/^The savepoint of job "short" failed: .*has ended/)
})
