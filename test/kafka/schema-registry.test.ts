import { fileURLToPath } from 'node:url'
import { fullRecord, KafkaSource, stringFormat } from '@millrace/connectors/kafka'
import { avroFormat, protobufFormat } from '@millrace/connectors/schema-registry'
import { readSource, SystemClock } from '@millrace/runtime/testing'
import { afterAll, expect, test, vi } from 'vitest'
import { createKafkaDriver } from '../../packages/connectors/src/kafka/driver/create-kafka-driver.ts'
import { RecordBatchBuilder } from '../../packages/connectors/src/kafka/driver/record-batch/record-batch-builder.ts'
import { FakeRegistry } from '../../packages/connectors/src/schema-registry/testing/fake-registry.ts'
import { written } from '../../packages/connectors/src/schema-registry/testing/prepared.ts'
import { millrace } from '../integration/cli/millrace.ts'
import { driverContext } from './driver-context.ts'
import { brokers, uniqueName } from './kafka.ts'

const job = fileURLToPath(new URL('schema-registry.job.ts', import.meta.url))
const clock = new SystemClock()
/** Alone they take seconds. */
vi.setConfig({ testTimeout: 240_000 })
const driver = createKafkaDriver({ bootstrapServers: brokers().split(',') }, driverContext)
afterAll(() => driver.close())

const amount = { name: 'amount', type: { type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 } }
const order = (...fields: readonly object[]) => ({ type: 'record', name: 'Order', namespace: 'shop', fields })
const first = order({ name: 'id', type: 'int' }, amount)
const second = order(amount, { name: 'id', type: 'long' }, { name: 'customer', type: 'string' })

async function newTopic(prefix: string, partitions: number): Promise<string> {
  const topic = uniqueName(prefix)
  await driver.admin.createTopics([{ topic, partitions }])
  return topic
}

test('A job on threads reads Avro of several schemas, and writes Protobuf, through a schema registry', async () => {
  await using registry = await FakeRegistry.start()
  const [input, output, letters] = [
    await newTopic('orders', 2),
    await newTopic('receipts', 2),
    await newTopic('dead', 1),
  ]
  // By two schemas in turns, so that each subtask learns of the second one in the middle of a partition.
  const formats = [first, second].map((schema) => {
    return avroFormat({ registry: registry.url, schema, subject: `${input}-value` })
  })
  const count = 2_000
  const batches = [new RecordBatchBuilder(), new RecordBatchBuilder()]
  for (let id = 0; id < count; id++) {
    const format = formats[id < 20 ? 0 : id % 2]!
    const value = await written(format, { id, amount: `${id}.50`, customer: `c${id % 7}` })
    batches[id % 4 < 2 ? 0 : 1]!.append(Date.now(), null, value)
  }
  batches[1]!.append(Date.now(), null, 'no Avro')
  const producer = driver.createProducer()
  for (const [partition, batch] of batches.entries()) await producer.send(input, partition, batch)
  await producer.close()

  // The first URL of the registry is dead.
  const gone = await FakeRegistry.start()
  await gone[Symbol.asyncDispose]()
  const args = ['run', job, '-p', '2', '--', brokers(), `${gone.url},${registry.url}`, input, output, letters]
  const { status, stderr } = await millrace(args, { timeoutMs: 180_000 })
  expect(status, stderr).toBe(0)

  const receipts = new KafkaSource({
    bootstrapServers: brokers(),
    topics: output,
    bounded: 'latest',
    deserializer: fullRecord({
      key: avroFormat<string>({ registry: registry.url }),
      value: protobufFormat<{ orderId: number; amount: string }>({ registry: registry.url }),
    }),
  })
  const { records } = await readSource(receipts, { clock, parallelism: 1 })
  const found = records.flat().toSorted((a, b) => a.value!.orderId - b.value!.orderId)
  expect(found.map(({ key, value }) => ({ key, ...value }))).toEqual(
    Array.from({ length: count }, (_, id) => ({
      key: id < 20 || id % 2 === 0 ? 'nobody' : `c${id % 7}`,
      orderId: id,
      amount: `${id}.50`,
    })),
  )
  // Each subtask asks once for each schema.
  const asked = registry.requests.filter((request) => request.startsWith('GET /schemas/ids/'))
  expect(asked.filter((request) => /\/[12]$/.test(request)).length).toBeLessThanOrEqual(4)

  const dead = new KafkaSource({
    bootstrapServers: brokers(),
    topics: letters,
    bounded: 'latest',
    valueOnlyDeserializer: stringFormat(),
  })
  expect((await readSource(dead, { clock, parallelism: 1 })).records.flat()).toEqual(['no Avro'])
})

test('A registry that refuses to be asked fails the job, and makes no poison records', async () => {
  await using registry = await FakeRegistry.start()
  const input = await newTopic('orders', 1)
  const value = await written(avroFormat({ registry: registry.url, schema: first }), { id: 1, amount: '1.00' })
  const batch = new RecordBatchBuilder()
  batch.append(Date.now(), null, value)
  const producer = driver.createProducer()
  await producer.send(input, 0, batch)
  await producer.close()
  registry.authorization = 'Bearer nobody has it'
  const args = ['run', job, '-p', '1', '--', brokers(), registry.url, input, input, input]
  const { status, stderr } = await millrace(args, { timeoutMs: 180_000 })
  expect(stderr).toContain(`SchemaRegistryError: Cannot fetch schema 1: ${registry.url} answers: Unauthorized.`)
  expect(stderr).toContain("hint: Check the registry's `auth`, and what that user may do.")
  expect(stderr).toMatch(/numRecordsInErrors +0\n/)
  // Asked by the first attempt alone: another would not fare better.
  expect(registry.requests.filter((request) => request.startsWith('GET'))).toEqual(['GET /schemas/ids/1'])
  expect(status).toBe(1)
})
