// What a reader of committed records sees where transactions of several producers interleave: exactly what Kafka's own sees.
import { SeededRandom } from '@millrace/runtime/testing'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { kafkaDriverFor } from '../../packages/connectors/src/kafka/driver/kafka-driver-for.ts'
import type { FetcherOptions } from '../../packages/connectors/src/kafka/driver/kafka-fetcher.ts'
import type { Compression } from '../../packages/connectors/src/kafka/driver/record-batch/compression.ts'
import { batchOf, driverContext, kafkaDriverNames, readAll, transactionalProducer } from './driver-context.ts'
import { brokers, kafkaTool, uniqueName } from './kafka.ts'

const seed = Number(process.env.MILLRACE_SEED ?? 11)
const transactionCount = 400
const partitions = [0, 1]
const compressions: readonly Compression[] = ['none', 'lz4', 'none', 'zstd', 'none']
const bootstrapServers = (): string[] => brokers().split(',')

/** Of each partition, in the order of its log. */
type Values = readonly (readonly string[])[]

describe(`Transactions that interleave and are ended at random (seed ${seed})`, () => {
  let topic: string
  let committed: readonly string[]
  let aborted: readonly string[]
  let kafkas: Values
  beforeAll(async () => {
    const written = await writeInterleaved(new SeededRandom(seed))
    topic = written.topic
    committed = written.committed
    aborted = written.aborted
    kafkas = await readByKafka(topic, committed.length)
  }, 600_000)

  test('are enough of both kinds, and Kafka sees those that were committed', () => {
    expect(committed.length).toBeGreaterThan(500)
    expect(aborted.length).toBeGreaterThan(500)
    expect(kafkas.flat().toSorted()).toEqual(committed.toSorted())
  })

  const sizes: Readonly<Record<string, FetcherOptions>> = {
    'large answers': {},
    'answers of a batch or two': { fetchBytesMax: 2_000, partitionBytesMax: 1_000 },
  }
  describe.each(kafkaDriverNames)('are read on connections of %s as Kafka reads them', (name) => {
    test.each(Object.keys(sizes))('in %s', async (size) => {
      const driver = kafkaDriverFor(name)({ bootstrapServers: bootstrapServers() }, driverContext)
      const seen = await readAll(driver, topic, sizes[size])
      const values = partitions.map((partition) =>
        seen.filter((each) => each.startsWith(`${partition}@`)).map((each) => each.slice(each.indexOf(' ') + 1)),
      )
      expect(values).toEqual(kafkas)
      const everything = await readAll(driver, topic, { isolation: 'read_uncommitted' })
      expect(everything.length).toBe(committed.length + aborted.length)
      await driver.close()
    })
  })
})

/** Five producers take turns at random: each writes small and large batches to both partitions, then commits or aborts. */
async function writeInterleaved(random: SeededRandom): Promise<{
  readonly topic: string
  readonly committed: readonly string[]
  readonly aborted: readonly string[]
}> {
  const driver = kafkaDriverFor('kafkajs')({ bootstrapServers: bootstrapServers() }, driverContext)
  const topic = uniqueName('random-transactions')
  await driver.admin.createTopics([{ topic, partitions: partitions.length }])
  const writers = await Promise.all(
    compressions.map(async (compression, i) => {
      const opened = await transactionalProducer(driver, uniqueName(`writer-${i}`), { compression })
      return { ...opened, open: [] as string[] }
    }),
  )
  const committed: string[] = []
  const aborted: string[] = []
  let count = 0
  for (let ended = 0; ended < transactionCount; ) {
    const writer = writers[random.below(writers.length)]!
    const { identity, producer, open } = writer
    if (random.below(4) > 0 || producer.isTransactionEmpty) {
      const length = random.below(5) === 0 ? 20 + random.below(60) : 1 + random.below(4)
      const values = Array.from({ length }, () => `${count++} ${'x'.repeat(random.below(40))}`)
      void producer.send(topic, random.below(partitions.length), batchOf(...values))
      open.push(...values)
      if (random.below(3) === 0) await producer.flush()
      continue
    }
    await producer.flush()
    const outcome = random.below(2) === 0 ? 'commit' : 'abort'
    await driver.endTransaction(identity, outcome)
    const list = outcome === 'commit' ? committed : aborted
    list.push(...open)
    writer.open = []
    producer.beginTransaction()
    ended++
  }
  for (const { identity, producer, open } of writers) {
    if (producer.isTransactionEmpty) continue
    await producer.flush()
    await driver.endTransaction(identity, 'abort')
    aborted.push(...open)
  }
  // Behind all of them in each partition: who sees these has seen the end.
  const plain = driver.createProducer()
  for (const partition of partitions) {
    await plain.send(topic, partition, batchOf(`end ${partition}`))
    committed.push(`end ${partition}`)
  }
  // The last markers may be on their way: nothing is open when what is stable ends where everything ends.
  const both = partitions.map((partition) => ({ topic, partition }))
  const untilStable = async (): Promise<void> => {
    const stable = await driver.listOffsets(both, 'latest', 'read_committed')
    expect(stable).toEqual(await driver.listOffsets(both, 'latest', 'read_uncommitted'))
  }
  await vi.waitFor(untilStable, { timeout: 60_000 })
  await driver.close()
  return { topic, committed, aborted }
}

async function readByKafka(topic: string, count: number): Promise<Values> {
  const from = ['--bootstrap-server', brokers(), '--topic', topic, '--from-beginning', '--isolation-level']
  const until = ['--max-messages', String(count), '--timeout-ms', '20000']
  const shown = ['--formatter-property', 'print.partition=true']
  const output = await kafkaTool('console-consumer', [...from, 'read_committed', ...until, ...shown])
  const lines = output.trimEnd().split('\n')
  return partitions.map((partition) => {
    const prefix = `Partition:${partition}\t`
    return lines.filter((line) => line.startsWith(prefix)).map((line) => line.slice(prefix.length))
  })
}
