// One broker for all tests of the project, or the one that KAFKA_BROKERS names.
import process from 'node:process'
import type { TestProject } from 'vitest/node'
import { findKafka } from '../../scripts/kafka/kafka-installation.ts'
import { requestMetadata } from '../../scripts/kafka/metadata-request.ts'
import type { KafkaAccess } from './kafka-access.ts'
import { startTestCluster } from './test-cluster.ts'

declare module 'vitest' {
  interface ProvidedContext {
    kafka: KafkaAccess
  }
}

export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const external = process.env.KAFKA_BROKERS ?? ''
  if (external !== '') await requireAnswer(external)
  // A broker of somebody else's has no credentials for us: ours is beside it for the tests of those.
  if (external !== '' && (await findKafka()).kind === 'none') {
    project.provide('kafka', { brokers: external, sasl: undefined })
    return undefined
  }
  const cluster = await startTestCluster({ sasl: true })
  project.provide('kafka', { brokers: external || cluster.bootstrapServers, sasl: cluster.sasl })
  return () => cluster.stop()
}

async function requireAnswer(brokers: string): Promise<void> {
  const { hostname, port } = new URL(`kafka://${brokers.split(',')[0]}`)
  await requestMetadata(hostname, Number(port || 9092), 10_000)
}
