import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { type Command, javaCommand } from './java-command.ts'
import type { KafkaInstallation } from './kafka-installation.ts'
import { type CommandResult, runCommand } from './run-command.ts'

/** Kafka's own tools, by the names of their scripts without `kafka-` and `.sh`. */
const tools = {
  acls: 'org.apache.kafka.tools.AclCommand',
  configs: 'kafka.admin.ConfigCommand',
  'console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'console-producer': 'org.apache.kafka.tools.ConsoleProducer',
  'consumer-groups': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  'consumer-perf-test': 'org.apache.kafka.tools.ConsumerPerformance',
  'delete-records': 'org.apache.kafka.tools.DeleteRecordsCommand',
  'dump-log': 'org.apache.kafka.tools.DumpLogSegments',
  features: 'org.apache.kafka.tools.FeatureCommand',
  'get-offsets': 'org.apache.kafka.tools.GetOffsetShell',
  'leader-election': 'org.apache.kafka.tools.LeaderElectionCommand',
  'metadata-quorum': 'org.apache.kafka.tools.MetadataQuorumCommand',
  'producer-perf-test': 'org.apache.kafka.tools.ProducerPerformance',
  'reassign-partitions': 'org.apache.kafka.tools.reassign.ReassignPartitionsCommand',
  topics: 'org.apache.kafka.tools.TopicCommand',
  transactions: 'org.apache.kafka.tools.TransactionsCommand',
} as const

/** The name of one of Kafka's tools. */
export type KafkaToolName = keyof typeof tools

/** How a tool is run. */
export interface KafkaToolOptions {
  /** Default 2 min: a machine may be busy. */
  readonly timeoutMs?: number
  /** What it reads from its standard input. */
  readonly input?: string
  /** Directories with files that its arguments name. */
  readonly directories?: readonly string[]
}

/** All names. */
export const kafkaToolNames: readonly KafkaToolName[] = Object.keys(tools) as KafkaToolName[]

/** Runs one of Kafka's own tools to its end. A tool that fails is a result too: the caller looks at the status. */
export function runKafkaTool(
  installation: KafkaInstallation,
  name: KafkaToolName,
  args: readonly string[],
  options: KafkaToolOptions = {},
): Promise<CommandResult> {
  const { command, args: all } = toolCommand(installation, name, args, options.directories)
  return runCommand(command, all, { timeoutMs: options.timeoutMs ?? 120_000, input: options.input ?? '' })
}

/** Runs one of them on this process's own terminal or pipes until it ends, or the user ends it. Answers its exit status. */
export async function attachKafkaTool(
  installation: KafkaInstallation,
  name: KafkaToolName,
  args: readonly string[],
): Promise<number> {
  const { command, args: all } = toolCommand(installation, name, args)
  const child = spawn(command, all, { stdio: 'inherit' })
  // A terminal tells both; the tool ends in order, and only then its command.
  const forward = (signal: NodeJS.Signals) => void child.kill(signal)
  process.on('SIGINT', forward).on('SIGTERM', forward)
  const [status] = (await once(child, 'close')) as [number | null]
  process.off('SIGINT', forward).off('SIGTERM', forward)
  return status ?? 1
}

function toolCommand(
  installation: KafkaInstallation,
  name: KafkaToolName,
  args: readonly string[],
  directories: readonly string[] = [],
): Command {
  const archive = installation.kind === 'jars' ? [`-XX:SharedArchiveFile=${installation.archive}`] : []
  return javaCommand(installation, {
    mainClass: tools[name],
    args,
    jvmArguments: ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', ...archive],
    directories,
  })
}
