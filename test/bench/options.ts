import { parseArgs } from 'node:util'
import { recordCounts, type WorkloadName } from './check-values.ts'

/** Those that are about state, and print other figures than records per second. */
export type StateWorkloadName = 'W7' | 'W8'

/** Those that need a broker. */
export type KafkaWorkloadName = 'W6' | 'W6r'

/** What the bench was asked for. */
export interface BenchOptions {
  readonly command: 'measure' | 'compare'
  readonly workload: WorkloadName | StateWorkloadName | KafkaWorkloadName
  readonly parallelism: number
  /** Undefined: the workload's own. */
  readonly recordCount: number | undefined
  readonly repetitions: number
  readonly warmUps: number
  readonly otherBusyCoresMax: number
  readonly budgetSeconds: number
  readonly json: boolean
  readonly verbose: boolean
  /** Undefined: on, and W1 is measured without it as well. */
  readonly chaining: boolean | undefined
  readonly properties: readonly string[]
  /** A file, directory or glob in place of W3's text; the check values are still those of that text. */
  readonly text: string | undefined
  readonly peer: string
  readonly rounds: number
  /** Of W7: what it is restored at. */
  readonly restoreParallelism: number
  /** Of W6 and W8. */
  readonly intervalMs: number
  /** Of W6 and W6r. */
  readonly brokers: string
  readonly topic: string
  /** Of W6. */
  readonly guarantee: 'at-least-once' | 'exactly-once'
}

export class UsageError extends Error {}

export const usage = `pnpm bench <W1|W2|W2b|W3> [options]       measure one workload
pnpm bench <W6|W6r> [options]             from Kafka to Kafka, and from Kafka alone
pnpm bench <W7|W8> [options]              savepoint and restore of a million keys; what checkpoints cost W2 and W2b
pnpm bench compare <W1|...> --peer '<command that prints the same line>' [options]

  --parallelism N  (2; W1: 1)     --n N            records, in place of the workload's own count
  --reps N         (3)            --warm N         runs before those that count (1)
  --chaining on|off               -D key=value     configuration
  --maxother X     (0.3; Kafka: 1) repeat a run beside which others kept more cores busy, for --budget S (45; 180) seconds
  --json           one line, nothing else          --v   each run on stderr
  --rounds N       (3) of compare, and of W8
  --p2 N           (4) parallelism of W7 after its restore
  --interval MS    (1000) between the checkpoints of W6 and W8
  --brokers H:P    (KAFKA_BROKERS, or 127.0.0.1:9092) of W6 and W6r
  --topic NAME     (bench-in) what they read; it is filled if it has fewer records
  --guarantee G    (at-least-once) of W6, or exactly-once
`

export function benchOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parse(args)
  const command = positionals[0] === 'compare' ? 'compare' : 'measure'
  const [name, ...rest] = command === 'compare' ? positionals.slice(1) : positionals
  if (name === undefined || !isWorkload(name)) {
    throw new UsageError(
      `There is no workload "${name ?? ''}": there are ${[...Object.keys(recordCounts), ...kafkaWorkloads, ...stateWorkloads].join(', ')}`,
    )
  }
  if (rest.length > 0) throw new UsageError(`Cannot measure several workloads at once: ${rest.join(' ')}`)
  if (command === 'compare' && values.peer === undefined) throw new UsageError('compare needs --peer COMMAND')
  if (values.n !== undefined && name === 'W3') throw new UsageError('W3 has the words of its text: leave out --n')
  const isOfKafka = isKafkaWorkload(name)
  return {
    command,
    workload: name,
    parallelism: positive('parallelism', values.parallelism ?? (name === 'W1' ? '1' : '2')),
    recordCount: values.n === undefined ? undefined : positive('n', values.n),
    repetitions: positive('reps', values.reps),
    warmUps: positive('warm', values.warm),
    // The broker is one of the others.
    otherBusyCoresMax: Number(values.maxother ?? (isOfKafka ? '1' : '0.3')),
    budgetSeconds: positive('budget', values.budget ?? (isOfKafka ? '180' : '45')),
    json: values.json,
    verbose: values.v,
    chaining: values.chaining === undefined ? undefined : onOrOff(values.chaining),
    properties: values.D,
    text: values.text,
    peer: values.peer ?? '',
    rounds: positive('rounds', values.rounds),
    restoreParallelism: positive('p2', values.p2),
    intervalMs: positive('interval', values.interval),
    brokers: values.brokers ?? (process.env.KAFKA_BROKERS || '127.0.0.1:9092'),
    topic: values.topic,
    guarantee: guarantee(values.guarantee),
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        parallelism: { type: 'string', short: 'p' },
        n: { type: 'string' },
        reps: { type: 'string', default: '3' },
        warm: { type: 'string', default: '1' },
        maxother: { type: 'string' },
        budget: { type: 'string' },
        json: { type: 'boolean', default: false },
        v: { type: 'boolean', default: false },
        chaining: { type: 'string' },
        D: { type: 'string', short: 'D', multiple: true, default: [] },
        text: { type: 'string' },
        peer: { type: 'string' },
        rounds: { type: 'string', default: '3' },
        p2: { type: 'string', default: '4' },
        interval: { type: 'string', default: '1000' },
        brokers: { type: 'string' },
        topic: { type: 'string', default: 'bench-in' },
        guarantee: { type: 'string', default: 'at-least-once' },
      },
    })
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

const stateWorkloads: readonly string[] = ['W7', 'W8'] satisfies readonly StateWorkloadName[]

const kafkaWorkloads: readonly string[] = ['W6', 'W6r'] satisfies readonly KafkaWorkloadName[]

function isWorkload(name: string): name is WorkloadName | StateWorkloadName | KafkaWorkloadName {
  return Object.hasOwn(recordCounts, name) || stateWorkloads.includes(name) || isKafkaWorkload(name)
}

export function isKafkaWorkload(name: string): name is KafkaWorkloadName {
  return kafkaWorkloads.includes(name)
}

function guarantee(text: string): BenchOptions['guarantee'] {
  if (text === 'at-least-once' || text === 'exactly-once') return text
  throw new UsageError(`--guarantee is at-least-once or exactly-once, not "${text}"`)
}

function positive(name: string, text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0
  if (value < 1) throw new UsageError(`--${name} takes a whole number of at least 1, not "${text}"`)
  return value
}

function onOrOff(text: string): boolean {
  if (text !== 'on' && text !== 'off') throw new UsageError(`--chaining is on or off, not "${text}"`)
  return text === 'on'
}
