import type { ConfigurationOption } from './configuration-option.ts'
import { enumeration } from './option-type.ts'

/** The part of the table that connectors read (connector/job-info.ts). */
export const ConnectorOptions: {
  readonly KAFKA_DRIVER: ConfigurationOption<'kafkajs' | 'platformatic'>
  readonly ON_LOST_TRANSACTION: ConfigurationOption<'fail' | 'skip'>
} = {
  KAFKA_DRIVER: {
    key: 'kafka.driver',
    section: 'Connectors',
    type: enumeration('kafkajs', 'platformatic'),
    defaultValue: 'kafkajs',
    description:
      'The library by which sources and sinks connect to Kafka. platformatic needs the package `@platformatic/kafka` beside ' +
      '`@millrace/connectors`.',
    deprecatedKeys: [],
    isFlinkKey: false,
  },
  ON_LOST_TRANSACTION: {
    key: 'sink.on-lost-transaction',
    section: 'Connectors',
    type: enumeration('fail', 'skip'),
    defaultValue: 'fail',
    description:
      'What happens when a transaction that belongs to a completed checkpoint cannot be committed any more, because it timed ' +
      'out: its records are lost. fail: the job ends, and says which. skip: the job goes on without them. `run ' +
      '--on-lost-transaction` sets it.',
    deprecatedKeys: [],
    isFlinkKey: false,
  },
}
