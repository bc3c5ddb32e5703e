import { SystemClock, silentLogger } from '@millrace/runtime/testing'
import { expect, test } from 'vitest'
import type { PartitionAssignment } from '../driver/kafka-fetcher.ts'
import { RecordBatchBuilder } from '../driver/record-batch/record-batch-builder.ts'
import { FakeKafka } from './fake-kafka.ts'

const context = { clock: new SystemClock(), logger: silentLogger }

function connect(kafka: FakeKafka) {
  return kafka.driver({ bootstrapServers: ['fake:9092'] }, context)
}

function batchOf(...values: string[]) {
  const batch = new RecordBatchBuilder()
  for (const value of values) batch.append(1, null, value)
  return batch
}

test('A fetcher of the fake sees what is committed, in the order of each partition, and ends where it is told', async () => {
  const kafka = new FakeKafka()
  kafka.createTopic('t', 2)
  kafka.write('t', 0, 'a', 'b', 'c', 'd')
  const driver = connect(kafka)
  const identity = await driver.initProducerId('tx')
  const producer = driver.createProducer({ identity })
  producer.beginTransaction()
  await producer.send('t', 1, batchOf('x', 'y'))
  const fetcher = driver.createFetcher<PartitionAssignment>()
  fetcher.assign([
    { topic: 't', partition: 0, offset: 1 },
    { topic: 't', partition: 1, offset: 0, stoppingOffset: 3 },
  ])
  const seen: string[] = []
  const drain = () => {
    for (let record = fetcher.next(); record !== undefined; record = fetcher.next()) {
      seen.push(`${record.partition}:${record.offset}:${record.valueText()}`)
    }
  }
  drain()
  expect(seen).toEqual(['0:1:b', '0:2:c', '0:3:d'])
  const available = fetcher.available()
  await driver.endTransaction({ ...identity, transactionalId: 'tx' }, 'commit')
  await available
  drain()
  expect(seen.slice(3)).toEqual(['1:0:x', '1:1:y'])
  expect(fetcher.takeEnded()).toEqual([{ topic: 't', partition: 1, offset: 0, stoppingOffset: 3 }])
})

test('A transaction of the fake is aborted when its id is taken anew, and fences who had it', async () => {
  const kafka = new FakeKafka()
  kafka.createTopic('t')
  const driver = connect(kafka)
  const old = { ...(await driver.initProducerId('tx')), transactionalId: 'tx' }
  const producer = driver.createProducer({ identity: old })
  await producer.send('t', 0, batchOf('lost'))
  expect(await driver.listTransactions('t')).toMatchObject([{ transactionalId: 'tx', state: 'Ongoing' }])
  await driver.initProducerId('tx')
  await expect(driver.endTransaction(old, 'commit')).rejects.toMatchObject({ code: 'PRODUCER_FENCED' })
  await expect(producer.send('t', 0, batchOf('late'))).rejects.toMatchObject({ code: 'PRODUCER_FENCED' })
  expect(kafka.values('t')).toEqual([])
  expect(kafka.values('t', 0, 'read_uncommitted')).toEqual(['lost'])
})

test('Ending a transaction of the fake again the same way succeeds, the other way does not', async () => {
  const kafka = new FakeKafka()
  kafka.createTopic('t')
  const driver = connect(kafka)
  const identity = { ...(await driver.initProducerId('tx')), transactionalId: 'tx' }
  await expect(driver.endTransaction(identity, 'commit')).rejects.toMatchObject({ code: 'INVALID_TRANSACTION_STATE' })
  await driver.createProducer({ identity }).send('t', 0, batchOf('a'))
  await driver.endTransaction(identity, 'commit')
  await driver.endTransaction(identity, 'commit')
  await expect(driver.endTransaction(identity, 'abort')).rejects.toMatchObject({ code: 'INVALID_TRANSACTION_STATE' })
  expect(kafka.values('t')).toEqual(['a'])
})
