import type { KafkaDriverName, SplitEnumeratorContext } from '@millrace/runtime/connector'
import { SystemClock, silentLogger, testJobInfo } from '@millrace/runtime/testing'
import { expect, test, vi } from 'vitest'
import { stringFormat } from '../formats/string-format.ts'
import { KafkaSource } from '../source/kafka-source.ts'
import type { KafkaSourceSettingsOptions } from '../source/kafka-source-options.ts'
import type { KafkaSplit } from '../source/kafka-split.ts'
import { FakeKafka } from '../testing/fake-kafka.ts'
import { kafkaDriverFor } from './kafka-driver-for.ts'

// As where nobody has installed it: so its errors tell who was asked to connect.
vi.mock('@platformatic/kafka', () => {
  throw new Error('Cannot find package')
})

const notInstalled = {
  code: 'DRIVER_NOT_INSTALLED',
  isLasting: true,
  message: expect.stringContaining('npm install @platformatic/kafka@2'),
}
const nobody = { bootstrapServers: ['127.0.0.1:1'], retryTimeoutMs: 1 }

test('A library that is not installed is told at once, with what installs it; the default does without', async () => {
  const connect = async (name: KafkaDriverName): Promise<void> => {
    const driver = kafkaDriverFor(name)(nobody, { clock: new SystemClock(), logger: silentLogger })
    await driver.connect().finally(() => driver.close())
  }
  await expect(connect('platformatic')).rejects.toMatchObject(notInstalled)
  await expect(connect('kafkajs')).rejects.toMatchObject({ code: 'BROKER_UNREACHABLE' })
})

test('A source connects by the driver of its options, else by the one that the job names', async () => {
  const start = async (kafkaDriver: KafkaDriverName, options: Partial<KafkaSourceSettingsOptions>): Promise<void> => {
    const source = new KafkaSource({ ...nobody, topics: 't', valueOnlyDeserializer: stringFormat(), ...options })
    const context: SplitEnumeratorContext<KafkaSplit> = {
      jobInfo: testJobInfo({ kafkaDriver }),
      parallelism: 1,
      logger: silentLogger,
      clock: new SystemClock(),
      signal: new AbortController().signal,
      registeredReaders: () => [],
      assignSplit: () => {},
      signalNoMoreSplits: () => {},
      sendEventToReader: () => {},
    }
    const enumerator = source.createEnumerator(context)
    await enumerator.start()
    await enumerator.close?.()
  }
  const kafka = new FakeKafka()
  kafka.createTopic('t', 1)
  await expect(start('platformatic', {})).rejects.toMatchObject(notInstalled)
  await expect(start('kafkajs', {})).rejects.toMatchObject({ code: 'BROKER_UNREACHABLE' })
  await expect(start('platformatic', { driver: kafka.driver })).resolves.toBe(undefined)
})
