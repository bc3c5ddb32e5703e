import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BrokerError } from '../../scripts/kafka/broker-error.ts'
import { KafkaCluster } from '../../scripts/kafka/kafka-cluster.ts'
import { findKafka, type KafkaInstallation } from '../../scripts/kafka/kafka-installation.ts'

/** Where brokers of tests are registered, so that the next run ends those of a run that was killed. */
const home = join(tmpdir(), 'millrace-tests', 'kafka')

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
}

/** A cluster with empty data on ports that are free. Whoever starts it stops it, and its data goes with it. */
export async function startTestCluster(options: TestClusterOptions = {}): Promise<KafkaCluster> {
  const installation = await requireKafka()
  for (let attempt = 1; ; attempt++) {
    const directory = mkdtempSync(join(realpathSync(tmpdir()), 'millrace-kafka-'))
    try {
      return await KafkaCluster.start(home, installation, {
        directory,
        port: portMin + Math.floor(Math.random() * (portMax - portMin)),
        brokerCount: options.brokerCount ?? 1,
        sasl: options.sasl ?? false,
        properties: options.properties ?? {},
        heapMb: 384,
        isTemporary: true,
        isQuick: true,
      })
    } catch (error) {
      rmSync(directory, { recursive: true, force: true })
      const isTaken = error instanceof BrokerError && ['PORT_TAKEN', 'OTHER_CLUSTER_RUNS'].includes(error.code)
      if (!isTaken || attempt === attemptsMax) throw error
    }
  }
}

/** What runs Kafka's programs here. */
export async function requireKafka(): Promise<KafkaInstallation> {
  const means = await findKafka()
  if (means.kind === 'none') throw new BrokerError('NO_MEANS', `Kafka cannot run here: ${means.reason}`)
  return means
}
