// Files in, files out, in whole jobs that fail, are rescaled, stop with a savepoint and go on.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineJob, type JobDefinition, WatermarkStrategy } from '@millrace/runtime'
import { runInSimulation } from '@millrace/runtime/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FileSink } from './file-sink.ts'
import { FileSource } from './file-source.ts'

const LINES = 12_000

let root: string

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'millrace-exactly-once-'))
  await writeFile(join(root, 'in.txt'), Array.from({ length: LINES }, (_, i) => `${i}`).join('\n'))
})
afterAll(() => rm(root, { recursive: true }))

/** Copies numbers from a file into part files. `onRecord` is called with the number of records that were seen so far. */
function copyJob(output: string, atCheckpoints: boolean, onRecord: (count: number) => void): JobDefinition {
  let count = 0
  return defineJob('copy', (env) => {
    const source = FileSource.forTextLines(join(root, 'in.txt'), { splitBytes: 4_000 })
    const sink = FileSink.forRows<string>(output, { rolling: { maxBytes: 2_000, atCheckpoints } })
    env
      .fromSource(source, WatermarkStrategy.noWatermarks(), 'Numbers')
      .uid('numbers')
      .map((line) => {
        onRecord(++count)
        return line
      })
      .rebalance()
      .sinkTo(sink)
      .uid('copy')
  })
}

type Options = NonNullable<Parameters<typeof runInSimulation>[1]>

function simulate(job: JobDefinition, { onStep, ...options }: Options) {
  return runInSimulation(job, {
    ...options,
    config: {
      'execution.checkpointing.dir': '/checkpoints',
      'execution.checkpointing.timeout': '1 h',
      'restart-strategy.type': 'fixed-delay',
      'restart-strategy.fixed-delay.attempts': '5',
      'restart-strategy.fixed-delay.delay': '10 ms',
      ...options.config,
    },
    onStep: (world) => {
      // The disk is a real one: virtual time must not run ahead of it, into the timeout of a checkpoint.
      const { clock } = world
      if (clock.nextDueMs() > clock.monotonicMs() + 1) clock.schedule(1, () => {})
      onStep?.(world)
    },
  })
}

/** What finished files hold. */
async function finishedNumbers(directory: string): Promise<number[]> {
  const names = (await readdir(directory)).filter((name) => !name.startsWith('.'))
  const contents = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')))
  const lines = contents.flatMap((content) => content.split('\n').slice(0, -1))
  return lines.map(Number).sort((a, b) => a - b)
}

const allNumbers = Array.from({ length: LINES }, (_, i) => i)
const checkpointing = { 'execution.checkpointing.interval': '10 ms' }
const cases = [1, 2].flatMap((seed) => [true, false].map((atCheckpoints) => ({ seed, atCheckpoints })))

test.each(cases)('A job that fails three times writes each record of its files once: %o', async (drawn) => {
  const { seed, atCheckpoints } = drawn
  const output = join(root, `failures-${seed}-${atCheckpoints}`)
  let failures = 0
  const job = copyJob(output, atCheckpoints, (count) => {
    if (count % 3_000 !== 0 || failures === 3) return
    failures++
    throw new Error(`failure ${failures}`)
  })
  await simulate(job, { seed, parallelism: 2, config: checkpointing })
  expect(failures).toBe(3)
  expect(await finishedNumbers(output)).toEqual(allNumbers)
})

test.each(cases)('A job that is rescaled twice writes each record of its files once: %o', async (drawn) => {
  const { seed, atCheckpoints } = drawn
  const output = join(root, `rescaled-${seed}-${atCheckpoints}`)
  let seen = 0
  let rescaling: Promise<unknown> | undefined
  const job = copyJob(output, atCheckpoints, (count) => {
    seen = count
  })
  await simulate(job, {
    seed,
    parallelism: 2,
    config: { ...checkpointing, 'execution.checkpointing.savepoint-dir': '/savepoints' },
    onStep: ({ job: running }) => {
      if (seen < 1_500) return
      rescaling ??= running.rescale(5).then(() => running.rescale(1))
    },
  })
  expect(await rescaling).toMatchObject({ unchangedOperators: [] })
  expect(await finishedNumbers(output)).toEqual(allNumbers)
})

test.each([true, false])(
  'A job that stops with a savepoint and goes on at another parallelism writes each record once; with checkpoints: %s',
  async (hasCheckpoints) => {
    const output = join(root, `stopped-${hasCheckpoints}`)
    const config = hasCheckpoints ? checkpointing : {}
    let seen = 0
    let savepoint: Promise<string> | undefined
    const job = copyJob(output, true, (count) => {
      seen = count
    })
    const { files } = await simulate(job, {
      parallelism: 3,
      config,
      onStep: ({ job: running }) => {
        if (seen > 2_000) savepoint ??= running.stopWithSavepoint({ directory: '/savepoints' })
      },
    })
    const before = await finishedNumbers(output)
    expect(before.length).toBeLessThan(LINES)
    const path = await savepoint!
    const restore = { from: { path }, allowNonRestoredState: false, dropState: [], claimMode: 'NO_CLAIM' } as const
    await simulate(job, { parallelism: 2, config, files, restore })
    expect(await finishedNumbers(output)).toEqual(allNumbers)
  },
)
