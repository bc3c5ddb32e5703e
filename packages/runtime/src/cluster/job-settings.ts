import type { PlannedJob } from '../api/plan-job.ts'
import type { Configuration } from '../configuration/configuration.ts'
import { ConfigurationOptions } from '../configuration/configuration-options.ts'
import { networkMemoryBytes } from '../configuration/network-memory.ts'
import { jobFingerprint } from '../protocol/job-fingerprint.ts'
import type { JobReference } from '../protocol/slot-deployment.ts'
import type { NetworkSettings } from './deployment.ts'

/** The sizes of the data plane that the configuration asks for. */
export function networkSettings(configuration: Configuration, machineMemoryBytes: number): NetworkSettings {
  return {
    segmentBytes: configuration.get(ConfigurationOptions.SEGMENT_SIZE),
    exclusiveSegments: configuration.get(ConfigurationOptions.BUFFERS_PER_CHANNEL),
    floatingSegments: configuration.get(ConfigurationOptions.FLOATING_BUFFERS_PER_GATE),
    networkBytesMax: networkMemoryBytes(configuration, machineMemoryBytes),
  }
}

/** What a worker needs to build the graph of `planned` again. */
export function jobReference(
  planned: PlannedJob,
  options: {
    readonly bundleUrl: string
    readonly bundleSha256: string
    readonly args: readonly string[]
    readonly parallelism: number | undefined
    /** As given to planJob. */
    readonly maxParallelisms?: Readonly<Record<string, number>> | undefined
  },
): JobReference {
  const { jobGraph } = planned.plan
  return {
    ...options,
    maxParallelisms: options.maxParallelisms ?? {},
    configuration: planned.configuration.entries(),
    fingerprint: jobFingerprint(jobGraph.fingerprint, options.bundleSha256),
    operators: jobGraph.vertices.flatMap(({ operators }) => operators.map(({ id, name }) => ({ id, name }))),
  }
}
