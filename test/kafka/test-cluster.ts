import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BrokerError } from '../../scripts/kafka/broker-error.ts'
import { findTakenPort } from '../../scripts/kafka/cluster-ports.ts'
import { KafkaCluster } from '../../scripts/kafka/kafka-cluster.ts'
import { findKafka, type KafkaInstallation } from '../../scripts/kafka/kafka-installation.ts'
import { dataDirectory } from './data-directory.ts'

/** Where brokers of tests are registered, so that the next run ends those of a run that was killed. */
const testClustersDirectory: string = join(tmpdir(), 'millrace-tests', 'kafka')

/** Below the ports that systems give to outgoing connections, above those that servers like. */
const [portMin, portMax] = [20_000, 30_000]
const attemptsMax = 20

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
  const { brokerCount = 1, sasl = false, properties = {}, home = testClustersDirectory } = options
  const installation = await requireKafka()
  for (let attempt = 1; ; attempt++) {
    const port = await freeClusterPort(brokerCount)
    const directory = mkdtempSync(join(dataDirectory(), 'millrace-kafka-'))
    const layout = { directory, port, brokerCount, sasl, properties }
    try {
      return await KafkaCluster.start(home, installation, { ...layout, heapMb: 384, isTemporary: true, isQuick: true })
    } catch (error) {
      rmSync(directory, { recursive: true, force: true })
      // Somebody was quicker.
      const isTaken = error instanceof BrokerError && ['PORT_TAKEN', 'OTHER_CLUSTER_RUNS'].includes(error.code)
      if (!isTaken || attempt === attemptsMax) throw error
    }
  }
}

/** A first port for so many brokers: nobody listens there now. */
export async function freeClusterPort(brokerCount = 1): Promise<number> {
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const port = portMin + Math.floor(Math.random() * (portMax - portMin))
    if ((await findTakenPort({ port, brokerCount, sasl: true })) === undefined) return port
  }
  throw new Error(
    `No free ports for ${brokerCount} broker(s) between ${portMin} and ${portMax} in ${attemptsMax} tries`,
  )
}

/** What runs Kafka's programs here. */
export async function requireKafka(): Promise<KafkaInstallation> {
  const means = await findKafka()
  if (means.kind === 'none') throw new BrokerError('NO_MEANS', `Kafka cannot run here: ${means.reason}`)
  return means
}
