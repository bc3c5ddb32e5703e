import { tmpdir } from 'node:os'
import process from 'node:process'
import { clustersDirectory } from '../../../../scripts/kafka/cluster-state.ts'
import { askExternalBrokers } from '../../../../scripts/kafka/external-brokers.ts'
import { requireKafka } from '../../../../scripts/kafka/kafka-installation.ts'
import { startTemporaryCluster } from '../../../../scripts/kafka/temporary-cluster.ts'

/** The Kafka of the demo. */
export interface DemoBroker {
  readonly bootstrapServers: string
  /** What it is, for people. */
  readonly description: string
  /** Ends it in order, or at once. What is not ours goes on. */
  stop(): Promise<void>
  kill(): Promise<void>
}

/**
 * A broker of the demo's own on a free port, which goes with it, data and all; or the one that KAFKA_BROKERS names.
 *
 * @throws BrokerError `NO_MEANS`, with what to install, where no broker can run; `NO_ANSWER`; what `signal` is aborted with.
 */
export async function startDemoBroker(signal: AbortSignal): Promise<DemoBroker> {
  const external = process.env.KAFKA_BROKERS ?? ''
  if (external !== '') {
    await askExternalBrokers(external)
    const goesOn = async () => {}
    return { bootstrapServers: external, description: `Kafka at ${external}`, stop: goesOn, kill: goesOn }
  }
  // The first time it downloads Kafka, which nobody has to wait for.
  const installation = await Promise.race([requireKafka(), rejectionBy(signal)])
  console.error('Starting Kafka ...')
  const startedAt = performance.now()
  const cluster = await startTemporaryCluster(installation, {
    home: clustersDirectory(),
    parentDirectory: tmpdir(),
    signal,
  })
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  return {
    bootstrapServers: cluster.bootstrapServers,
    description: `Kafka ${cluster.version} at ${cluster.bootstrapServers}, started in ${seconds} s`,
    stop: () => cluster.stop(),
    kill: () => cluster.kill(),
  }
}

function rejectionBy(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  signal.addEventListener('abort', () => reject(signal.reason))
  promise.catch(() => {})
  return promise
}
