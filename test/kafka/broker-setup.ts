// One broker for all tests of the project, or the one that KAFKA_BROKERS names.
import process from 'node:process'
import type { TestProject } from 'vitest/node'
import { requestMetadata } from '../../scripts/kafka/metadata-request.ts'
import type { KafkaAccess } from './kafka-access.ts'
import { startTestCluster } from './test-cluster.ts'

declare module 'vitest' {
  interface ProvidedContext {
    kafka: KafkaAccess
  }
}

export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const brokers = process.env.KAFKA_BROKERS ?? ''
  if (brokers !== '') {
    const { hostname, port } = new URL(`kafka://${brokers.split(',')[0]}`)
    await requestMetadata(hostname, Number(port || 9092), 10_000)
    project.provide('kafka', { brokers, sasl: undefined })
    return undefined
  }
  const cluster = await startTestCluster({ sasl: true })
  project.provide('kafka', { brokers: cluster.bootstrapServers, sasl: cluster.sasl })
  return () => cluster.stop()
}
