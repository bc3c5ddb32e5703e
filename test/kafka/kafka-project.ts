import { availableParallelism } from 'node:os'
import process from 'node:process'
import type { TestProjectConfiguration } from 'vitest/config'
import { findKafka, type KafkaMeans } from '../../scripts/kafka/kafka-installation.ts'
import { reportNotRun } from './not-run.ts'

/** vitest loads its configuration once for each project, each time anew; a download that fails is not to be tried each time. */
const found = Symbol.for('millrace.kafkaOfTests')
const holder = process as { [found]?: Promise<KafkaMeans> }

/**
 * The vitest project of the tests that need a broker, on the build, as users get it. If this machine has no means for one,
 * there is no project, and the last line of the run says why; with `MILLRACE_REQUIRE_KAFKA=1` the run fails then.
 */
export async function kafkaProject(exclude: readonly string[]): Promise<readonly TestProjectConfiguration[]> {
  if ((process.env.KAFKA_BROKERS ?? '') === '') {
    holder[found] ??= findKafka()
    const means = await holder[found]
    if (means.kind === 'none') {
      reportNotRun('Kafka', means.reason, process.env.MILLRACE_REQUIRE_KAFKA === '1')
      return []
    }
  }
  const project: TestProjectConfiguration = {
    extends: true,
    test: {
      name: 'kafka',
      include: ['test/kafka/**/*.test.ts'],
      exclude: ['**/node_modules/**', ...exclude],
      globalSetup: ['test/kafka/broker-setup.ts'],
      // After all others: simulations take every processor there is, and brokers beside them would be slow to answer. These
      // mostly wait, for brokers to start above all; but each file may have three of them.
      maxWorkers: Math.min(Math.max(availableParallelism(), 2), 4),
      sequence: { groupOrder: 3 },
      testTimeout: 240_000,
      hookTimeout: 240_000,
    },
  }
  return [project]
}
