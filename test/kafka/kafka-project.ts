import process from 'node:process'
import type { TestProjectConfiguration } from 'vitest/config'
import { findKafka } from '../../scripts/kafka/kafka-installation.ts'
import { reportNotRun } from './not-run.ts'

/**
 * The vitest project of the tests that need a broker, on the build, as users get it. If this machine has no means for one,
 * there is no project, and the last line of the run says why; with `MILLRACE_REQUIRE_KAFKA=1` the run fails then.
 */
export async function kafkaProject(exclude: readonly string[]): Promise<readonly TestProjectConfiguration[]> {
  const means = (process.env.KAFKA_BROKERS ?? '') === '' ? await findKafka() : undefined
  if (means?.kind === 'none') {
    reportNotRun('Kafka', means.reason, process.env.MILLRACE_REQUIRE_KAFKA === '1')
    return []
  }
  const project: TestProjectConfiguration = {
    extends: true,
    test: {
      name: 'kafka',
      include: ['test/kafka/**/*.test.ts'],
      exclude: ['**/node_modules/**', ...exclude],
      globalSetup: ['test/kafka/broker-setup.ts'],
      testTimeout: 120_000,
      hookTimeout: 120_000,
    },
  }
  return [project]
}
