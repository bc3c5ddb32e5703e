import process from 'node:process'
import type { TestProjectConfiguration } from 'vitest/config'
import { findKafka } from '../../scripts/kafka/kafka-installation.ts'
import { reportNotRun } from './not-run.ts'

/**
 * The vitest project of the tests that need a broker, on the build, as users get it. Unless they
 * are asked for there is no project, and the last line of the run says so; if there is no broker to be had, the run fails.
 */
export async function kafkaProject(exclude: readonly string[]): Promise<readonly TestProjectConfiguration[]> {
  if (process.env.MILLRACE_REQUIRE_KAFKA !== '1' && (process.env.KAFKA_BROKERS ?? '') === '') {
    reportNotRun('Kafka', 'they are asked for by MILLRACE_REQUIRE_KAFKA=1, or KAFKA_BROKERS=host:port', false)
    return []
  }
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
