import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KafkaCluster } from '../../scripts/kafka/kafka-cluster.ts'
import { requireKafka } from '../../scripts/kafka/kafka-installation.ts'
import { startTemporaryCluster } from '../../scripts/kafka/temporary-cluster.ts'
import { dataDirectory } from './data-directory.ts'

export { requireKafka } from '../../scripts/kafka/kafka-installation.ts'
export { freeClusterPort } from '../../scripts/kafka/temporary-cluster.ts'

/** Where brokers of tests are registered, so that the next run ends those of a run that was killed. */
const testClustersDirectory: string = join(tmpdir(), 'millrace-tests', 'kafka')

/** What a cluster of tests shall be. */
export interface TestClusterOptions {
  /** Default 1. */
  readonly brokerCount?: number
  /** Default false. */
  readonly sasl?: boolean
  readonly properties?: Readonly<Record<string, string>>
  /** Where it is registered; default: with those of all tests. */
  readonly home?: string
}

/**
 * A cluster with empty data on ports that are free. Whoever starts it disposes of it, and its data goes with it; if they
 * die before they can, the next start ends it.
 */
export async function startTestCluster(options: TestClusterOptions = {}): Promise<KafkaCluster> {
  return startTemporaryCluster(await requireKafka(), {
    home: testClustersDirectory,
    parentDirectory: dataDirectory(),
    isQuick: true,
    ...options,
  })
}
