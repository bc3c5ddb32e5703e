// pnpm bench: measures the workloads that other engines are measured by, in the same way.
import { fileURLToPath } from 'node:url'
import { recordCounts, type WorkloadName } from './check-values.ts'
import { measureCheckpointCost } from './checkpoint-cost.ts'
import { compare } from './compare.ts'
import { measureKafka } from './kafka-measurement.ts'
import { CheckFailed, type Measurement, type MeasurementRequest, measure } from './measurement.ts'
import {
  type BenchOptions,
  benchOptions,
  isKafkaWorkload,
  type KafkaWorkloadName,
  UsageError,
  usage,
} from './options.ts'
import { measureSavepoints } from './savepoint-measurement.ts'
import { wordsText } from './words-text.ts'

/** What W7 compares with its peer. */
const savepointFigures = ['savepointSeconds', 'savepointBytes', 'restoreSubmitToAllOpenSeconds']

const textDirectory = fileURLToPath(new URL('../../node_modules/.cache/millrace-bench', import.meta.url))
const chainingKey = 'pipeline.operator-chaining.enabled'
/** Without chains W1 is so much slower that fewer records tell enough. */
const unchainedRecordsMax = 10_000_000

/** Of W2 as many records that there is time for several checkpoints. */
const checkpointedRecords = { W2: 40_000_000, W2b: 10_000_000 } as const

try {
  const args = process.argv.slice(2)
  if (args.length === 0 || args.includes('--help')) process.stdout.write(usage)
  else {
    const options = benchOptions(args)
    const { command, workload } = options
    if (command === 'compare') await runComparison(options, args)
    else if (workload === 'W7') await runSavepoints(options)
    else if (workload === 'W8') await runCheckpoints(options)
    else if (isKafkaWorkload(workload)) await runKafka(options, workload)
    else await runMeasurement(options, workload)
  }
} catch (error) {
  if (!(error instanceof CheckFailed || error instanceof UsageError)) throw error
  console.error(`error: ${error.message}`)
  process.exitCode = error instanceof UsageError ? 2 : 1
}

async function runSavepoints(options: BenchOptions): Promise<void> {
  const { parallelism, restoreParallelism, repetitions, warmUps, recordCount = 1_000_000 } = options
  const measured = await measureSavepoints({
    keyCount: recordCount,
    parallelism,
    restoreParallelism,
    repetitions,
    warmUps,
    config: Object.fromEntries(options.properties.map(property)),
    onRun: (kind, run) => {
      if (options.verbose) console.error(kind, JSON.stringify(rounded(run)))
    },
  })
  const seconds = (figure: number) => `${figure.toFixed(3)} s`
  const lines = [
    `W7, ${grouped(measured.records)} keys: a savepoint at parallelism ${parallelism} takes ${seconds(measured.savepointSeconds)}`,
    `  ${grouped(measured.savepointBytes)} bytes in ${measured.savepointFiles} files; every key has its value`,
    `  restored at ${restoreParallelism}: all subtasks open ${seconds(measured.restoreSubmitToAllOpenSeconds)} after the submission, ` +
      `every key touched again after ${seconds(measured.restoreSubmitToAllKeysTouchedAgainSeconds)}`,
  ]
  process.stdout.write(`${options.json ? JSON.stringify(rounded(measured)) : lines.join('\n')}\n`)
}

async function runCheckpoints(options: BenchOptions): Promise<void> {
  for (const workload of ['W2', 'W2b'] as const) {
    const cost = await measureCheckpointCost({
      workload,
      parallelism: options.parallelism,
      recordCount: options.recordCount ?? checkpointedRecords[workload],
      intervalMs: options.intervalMs,
      rounds: options.rounds,
      config: Object.fromEntries(options.properties.map(property)),
      onRun: (kind, run) => {
        if (options.verbose) console.error(workload, kind, JSON.stringify(rounded(run)))
      },
    })
    const { seconds, secondsWithout, costPercent, costPercents, checkpoints, intervalMs } = cost
    const line =
      `W8, ${workload} with a checkpoint each ${intervalMs} ms: ${seconds.toFixed(3)} s, without ${secondsWithout.toFixed(3)} s: ` +
      `${costPercent.toFixed(1)} % (${costPercents.map((each) => each.toFixed(1)).join(', ')}); ${checkpoints} checkpoints`
    process.stdout.write(`${options.json ? JSON.stringify(rounded(cost)) : line}\n`)
  }
}

async function runMeasurement(options: BenchOptions, workload: WorkloadName): Promise<void> {
  const {
    parallelism,
    recordCount = recordCounts[workload],
    repetitions,
    warmUps,
    otherBusyCoresMax,
    budgetSeconds,
  } = options
  const config = Object.fromEntries(options.properties.map(property))
  const request: MeasurementRequest = {
    workload,
    parallelism,
    recordCount,
    text: workload === 'W3' ? (options.text ?? (await wordsText(textDirectory)).parts) : '',
    repetitions,
    warmUps,
    otherBusyCoresMax,
    budgetSeconds,
    config: { ...config, ...(options.chaining === false && { [chainingKey]: false }) },
    onRun: (kind, run) => {
      if (options.verbose) console.error(kind, JSON.stringify(rounded(run)))
    },
  }
  const measured = await measure(request)
  const unchained =
    workload === 'W1' && options.chaining === undefined
      ? await measure({
          ...request,
          recordCount: Math.min(recordCount, unchainedRecordsMax),
          repetitions: 1,
          config: { ...config, [chainingKey]: false },
        })
      : undefined
  const gain = unchained && { chainingGain: measured.recordsPerSecond / unchained.recordsPerSecond }
  const line = rounded({
    ...measured,
    ...(unchained && { unchainedRecordsPerSecond: unchained.recordsPerSecond, ...gain }),
    processWallSeconds: performance.now() / 1_000,
  })
  process.stdout.write(`${options.json ? JSON.stringify(line) : people(measured, unchained)}\n`)
}

async function runKafka(options: BenchOptions, workload: KafkaWorkloadName): Promise<void> {
  const measured = await measureKafka({
    ...options,
    workload,
    recordCount: options.recordCount ?? 8_000_000,
    config: Object.fromEntries(options.properties.map(property)),
    onRun: (kind, run) => {
      if (options.verbose) console.error(kind, JSON.stringify(rounded(run)))
    },
  })
  process.stdout.write(`${options.json ? JSON.stringify(rounded(measured)) : people(measured, undefined)}\n`)
}

async function runComparison(options: BenchOptions, args: readonly string[]): Promise<void> {
  const { workload, peer, rounds, json } = options
  // Our own runs get the options that are not of the comparison itself.
  const passed: string[] = []
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '--peer' || args[i] === '--rounds') i++
    else if (args[i] !== 'compare' && args[i] !== '--json') passed.push(args[i]!)
  }
  const chaining = passed.includes('--chaining') ? [] : ['--chaining', 'on']
  const result = await compare({
    ours: [...passed, ...chaining, '--json'],
    peer,
    rounds,
    figures: workload === 'W7' ? savepointFigures : ['recordsPerSecond'],
    onLine: (who, line) => console.error(`${who}: ${JSON.stringify(line)}`),
  })
  for (const compared of result) {
    const { figure, ours, peer: theirs, ratio } = compared
    process.stdout.write(
      json
        ? `${JSON.stringify({ workload, rounds, ...compared })}\n`
        : `${workload}: ${figure}: ours ${grouped(ours)}, peer ${grouped(theirs)}: ${ratio} times\n`,
    )
  }
}

function people(measured: Measurement<string>, unchained: Measurement | undefined): string {
  const { workload, parallelism, recordsPerSecond, seconds, records, ownCpuSeconds } = measured
  const lines = [
    `${workload} at parallelism ${parallelism}: ${grouped(recordsPerSecond)} records/s`,
    `  ${grouped(records)} records in ${seconds.toFixed(3)} s, ${ownCpuSeconds.toFixed(1)} s of CPU; the result is right`,
    `  runs: ${measured.allSeconds.map((each) => each.toFixed(3)).join(', ')} s`,
  ]
  if (measured.cleanRuns === 0) lines.push('  no run was clean: other processes were busy')
  if (unchained !== undefined) {
    const gain = recordsPerSecond / unchained.recordsPerSecond
    lines.push(
      `  without chaining: ${grouped(unchained.recordsPerSecond)} records/s; chaining gains ${gain.toFixed(1)} times`,
    )
  }
  return lines.join('\n')
}

function property(text: string): [key: string, value: string] {
  const equals = text.indexOf('=')
  if (equals < 1) throw new UsageError(`-D takes key=value, not "${text}"`)
  return [text.slice(0, equals), text.slice(equals + 1)]
}

function grouped(count: number): string {
  return count.toLocaleString('en-US')
}

function rounded(value: object): object {
  return JSON.parse(
    JSON.stringify(value, (_, each: unknown) => (typeof each === 'number' ? Math.round(each * 1e4) / 1e4 : each)),
  ) as object
}
