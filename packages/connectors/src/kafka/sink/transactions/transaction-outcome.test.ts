import { SystemClock, silentLogger } from '@millrace/runtime/testing'
import { expect, test } from 'vitest'
import type { KafkaDriver } from '../../driver/kafka-driver.ts'
import { RecordBatchBuilder } from '../../driver/record-batch/record-batch-builder.ts'
import { FakeKafka } from '../../testing/fake-kafka.ts'
import { transactionOutcome } from './transaction-outcome.ts'

const clock = new SystemClock()
const witness = { topic: 'out', partition: 0, offset: 0 }

/** With a record of an open transaction. */
async function openTransaction(): Promise<KafkaDriver> {
  const kafka = new FakeKafka()
  kafka.createTopic('out')
  const driver = kafka.driver({ bootstrapServers: ['fake:9092'] }, { clock, logger: silentLogger })
  const producer = driver.createProducer({ identity: await driver.initProducerId('a', 60_000) })
  const batch = new RecordBatchBuilder()
  batch.append(1, null, 'value')
  await producer.send('out', 0, batch)
  return driver
}

test('A transaction that has not ended when the wait is over is open', async () => {
  const driver = await openTransaction()
  expect(await transactionOutcome(driver, witness, { clock, waitMs: 1 })).toBe('open')
})

test('A driver that is closed ends the wait', async () => {
  const driver = await openTransaction()
  const outcome = transactionOutcome(driver, witness, { clock, waitMs: 30_000 })
  await driver.close()
  await expect(outcome).rejects.toMatchObject({ code: 'CLOSED', facts: witness })
})
