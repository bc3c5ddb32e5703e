import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { BrokerError } from './broker-error.ts'
import { findTakenPort } from './cluster-ports.ts'
import { KafkaCluster } from './kafka-cluster.ts'
import type { KafkaInstallation } from './kafka-installation.ts'

/** Below the ports that systems give to outgoing connections, above those that servers like. */
const [portMin, portMax] = [20_000, 30_000]
const attemptsMax = 20

/** What a cluster shall be that lives as long as the process that starts it. */
export interface TemporaryClusterOptions {
  /** Where it is registered, so that the next start ends it if this process cannot. */
  readonly home: string
  /** Where its data gets a directory of its own, which goes with it. */
  readonly parentDirectory: string
  /** Default 1. */
  readonly brokerCount?: number
  /** Default false. */
  readonly sasl?: boolean
  readonly properties?: Readonly<Record<string, string>>
  /** For many short runs: starts sooner and compiles less, and is slower under load. */
  readonly isQuick?: boolean
  /** Aborted: the start is given up, with whatever runs by then. */
  readonly signal?: AbortSignal
}

/** A cluster with empty data on ports that are free. Whoever starts it disposes of it. */
export async function startTemporaryCluster(
  installation: KafkaInstallation,
  options: TemporaryClusterOptions,
): Promise<KafkaCluster> {
  const { home, parentDirectory, brokerCount = 1, sasl = false, properties = {}, isQuick = false, signal } = options
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted()
    const port = await freeClusterPort(brokerCount)
    const directory = mkdtempSync(join(parentDirectory, 'millrace-kafka-'))
    const giveUp = () => void KafkaCluster.find(home, installation, port)?.kill()
    signal?.addEventListener('abort', giveUp)
    try {
      const layout = { directory, port, brokerCount, sasl, properties }
      const cluster = await KafkaCluster.start(home, installation, {
        ...layout,
        heapMb: 384,
        isTemporary: true,
        isQuick,
      })
      if (signal?.aborted === true) await cluster.kill()
      signal?.throwIfAborted()
      return cluster
    } catch (error) {
      rmSync(directory, { recursive: true, force: true, maxRetries: 3 })
      signal?.throwIfAborted()
      // Somebody was quicker.
      const isTaken = error instanceof BrokerError && ['PORT_TAKEN', 'OTHER_CLUSTER_RUNS'].includes(error.code)
      if (!isTaken || attempt === attemptsMax) throw error
    } finally {
      signal?.removeEventListener('abort', giveUp)
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
