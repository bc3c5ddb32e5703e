import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CheckValues, keyedSums } from './check-values.ts'
import type { KafkaBenchArguments } from './jobs/kafka-arguments.ts'
import { partitionCount, recordBytes, userCount } from './kafka-record.ts'
import { checkCounts, fillTopic, freshTopic, withKafka } from './kafka-topics.ts'
import { type MeasuredRun, timedRun } from './measured-run.ts'
import { type Measurement, measureRuns, type RepetitionRequest } from './measurement.ts'
import type { KafkaWorkloadName } from './options.ts'

export interface KafkaMeasurementRequest extends RepetitionRequest {
  readonly workload: KafkaWorkloadName
  readonly brokers: string
  readonly topic: string
  readonly guarantee: KafkaBenchArguments['guarantee']
  readonly intervalMs: number
}

export interface KafkaMeasurement extends Measurement<KafkaWorkloadName> {
  readonly guarantee?: KafkaBenchArguments['guarantee']
}

const jobs: Readonly<Record<KafkaWorkloadName, URL>> = {
  W6: new URL('./jobs/w6.ts', import.meta.url),
  W6r: new URL('./jobs/w6r.ts', import.meta.url),
}

/**
 * Runs W6 or W6r several times and answers the median. Seconds are from the first record deserialized to the last flush of a
 * sink, or, in W6, to the end of the job, which has committed the last transaction by then. What a reader of committed records
 * finds in the output is counted after each run.
 */
export function measureKafka(request: KafkaMeasurementRequest): Promise<KafkaMeasurement> {
  const { brokers, topic, guarantee, workload } = request
  // The last record is in the last partition.
  const recordCount = Math.ceil(request.recordCount / partitionCount) * partitionCount
  const told: KafkaBenchArguments = { brokers, topic, recordCount, guarantee, output: `bench-out-${guarantee}` }
  return withKafka(brokers, async (driver) => {
    await fillTopic(driver, topic, recordCount)
    if (workload === 'W6r') {
      const expected = { sinkRecords: recordCount, checksum: recordCount * recordBytes }
      const runOnce = (): Promise<MeasuredRun> => runJob(request, told)
      return measureRuns({ workload, expected, checkedAlways: ['sinkRecords', 'checksum'], runOnce }, request)
    }
    const expected: CheckValues = { ...keyedSums(recordCount, userCount), checksum: recordCount }
    const runOnce = async (): Promise<MeasuredRun> => {
      await freshTopic(driver, told.output)
      return { ...(await runJob(request, told)), ...(await checkCounts(driver, told.output)) }
    }
    const checkedAlways = ['sinkRecords', 'checksum', 'keys'] as const
    return { ...(await measureRuns({ workload, expected, checkedAlways, runOnce }, request)), guarantee }
  })
}

async function runJob(request: KafkaMeasurementRequest, told: KafkaBenchArguments): Promise<MeasuredRun> {
  const { workload, parallelism, intervalMs } = request
  const run = { job: jobs[workload], args: [JSON.stringify(told)], parallelism }
  if (workload === 'W6r') return timedRun({ ...run, config: request.config, until: 'last-flush' })
  const directory = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  const checkpointing = {
    'execution.checkpointing.interval': `${intervalMs} ms`,
    'execution.checkpointing.dir': directory,
  }
  try {
    return await timedRun({ ...run, config: { ...checkpointing, ...request.config }, until: 'end-of-job' })
  } finally {
    rmSync(directory, { recursive: true })
  }
}
