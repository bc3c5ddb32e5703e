// What tests of this folder use of the broker that they share.
import { randomBytes } from 'node:crypto'
import { expect, inject } from 'vitest'
import type { SaslAccess } from '../../scripts/kafka/kafka-cluster.ts'
import { type KafkaToolName, type KafkaToolOptions, runKafkaTool } from '../../scripts/kafka/kafka-tool.ts'
import type { CommandResult } from '../../scripts/kafka/run-command.ts'
import { requireKafka } from './test-cluster.ts'
import './broker-setup.ts'

/** `host:port`, or several with commas between. */
export function brokers(): string {
  return inject('kafka').brokers
}

/** A listener with SASL over TLS: the same broker's, unless `KAFKA_BROKERS` names that. */
export function sasl(): SaslAccess {
  const access = inject('kafka').sasl
  if (access === undefined)
    throw new Error('KAFKA_BROKERS names a broker whose credentials nobody knows, and none of ours can run')
  return access
}

/** A name that no other test has: for topics, groups and transactional ids. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomBytes(5).toString('hex')}`
}

/** Runs one of Kafka's own tools, which has to succeed, and answers what it printed. */
export async function kafkaTool(
  name: KafkaToolName,
  args: readonly string[],
  options?: KafkaToolOptions,
): Promise<string> {
  const done: CommandResult = await runKafkaTool(await requireKafka(), name, args, options)
  expect(done.status, `${name} ${args.join(' ')}\n${done.stderr}${done.stdout}`).toBe(0)
  return done.stdout
}

/** Makes a topic with a name of its own by Kafka's own tool, which takes a second; answers the name. */
export async function createTopic(prefix: string, partitions: number, servers: string = brokers()): Promise<string> {
  const topic = uniqueName(prefix)
  const what = ['--create', '--topic', topic, '--partitions', String(partitions)]
  await kafkaTool('topics', ['--bootstrap-server', servers, ...what])
  return topic
}
