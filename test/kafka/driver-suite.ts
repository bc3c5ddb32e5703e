// What every driver has to do, whatever library carries it: called for each, on one broker, on three, and over SASL and TLS.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { KafkaConnectionOptions } from '../../packages/connectors/src/kafka/driver/connection-options.ts'
import type { KafkaDriver, KafkaDriverFactory } from '../../packages/connectors/src/kafka/driver/kafka-driver.ts'
import type { Compression } from '../../packages/connectors/src/kafka/driver/record-batch/compression.ts'
import { RecordBatchBuilder } from '../../packages/connectors/src/kafka/driver/record-batch/record-batch-builder.ts'
import {
  batchOf,
  driverContext,
  readAll,
  readBetween,
  rejectionOf,
  transactionalProducer,
  write,
} from './driver-context.ts'
import { kafkaTool, uniqueName } from './kafka.ts'

/** Markers of transactions, and what brokers tell each other, arrive a moment after the answer; a busy machine makes it long. */
const soon = { timeout: 30_000 }
const compressions: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

/** How a driver reaches a cluster, and how Kafka's own tools do. */
export interface ClusterAccess {
  readonly connection: KafkaConnectionOptions
  readonly toolServers: string
}

/** `access` is asked when tests begin. */
export function describeKafkaDriver(
  title: string,
  createDriver: KafkaDriverFactory,
  access: () => ClusterAccess,
): void {
  describe(`The driver ${title}`, () => {
    let driver: KafkaDriver
    beforeAll(() => {
      driver = createDriver({ ...access().connection, retryTimeoutMs: 20_000 }, driverContext)
    })
    afterAll(() => driver.close())

    async function newTopic(prefix: string, partitions = 1, configs: Record<string, string> = {}): Promise<string> {
      const topic = uniqueName(prefix)
      await driver.admin.createTopics([{ topic, partitions, configs }])
      return topic
    }

    describe('of topics', () => {
      test('tells partitions with their leaders, and leaves out what is not there', async () => {
        const topic = await newTopic('topics', 3)
        const found = await driver.topics([topic, uniqueName('none')])
        const ids = (await driver.admin.brokers()).map(({ nodeId }) => nodeId)
        expect(found.map((each) => [each.topic, each.partitions.map(({ partition }) => partition)])).toEqual([
          [topic, [0, 1, 2]],
        ])
        for (const { leader } of found[0]!.partitions) expect(ids).toContain(leader)
      })

      test('finds those whose whole name matches', async () => {
        const topic = await newTopic('matching')
        await driver.admin.createTopics([{ topic: `${topic}-longer`, partitions: 1 }])
        const found = await driver.topicsMatching(new RegExp(`matching-|${topic}`))
        expect(found.map((each) => each.topic)).toEqual([topic])
      })

      test('grows one, tells its settings, and refuses to make it again', async () => {
        const topic = await newTopic('grown', 1, { 'retention.ms': '123456' })
        await driver.admin.createPartitions(topic, 2)
        expect((await driver.topics([topic]))[0]!.partitions.length).toBe(2)
        expect((await driver.admin.describeConfigs({ type: 'topic', name: topic })).get('retention.ms')).toBe('123456')
        expect(await rejectionOf(driver.admin.createTopics([{ topic, partitions: 1 }]))).toMatchObject({
          code: 'TOPIC_EXISTS',
          message: expect.stringContaining(topic),
        })
        await driver.admin.deleteTopics([topic])
        // Brokers learn of it a moment after the controller.
        await expect.poll(() => driver.topics([topic]), soon).toEqual([])
      })
    })

    describe('of records', () => {
      test.each(compressions)(
        'reads what was written with compression %s: keys, values, headers, times',
        async (compression) => {
          const topic = await newTopic('written')
          const producer = driver.createProducer({ compression })
          const batch = new RecordBatchBuilder()
          batch.append(1_000, 'k\u00e9y', 'v'.repeat(1_000), [
            { key: 'h', value: Buffer.from([0, 255]) },
            { key: 'h', value: null },
          ])
          batch.append(999, null, '')
          batch.append(2 ** 40, Buffer.from([1, 2]), null)
          expect(await producer.send(topic, 0, batch)).toEqual({ baseOffset: 0 })
          await producer.close()

          const fetcher = driver.createFetcher()
          fetcher.assign([{ topic, partition: 0, offset: 0, stoppingOffset: 3 }])
          const seen: unknown[] = []
          let ended = fetcher.takeEnded()
          while (ended.length === 0) {
            for (let record = fetcher.next(); record !== undefined; record = fetcher.next()) {
              seen.push([record.offset, record.timestampMs, record.key(), record.value()?.toString(), record.headers()])
            }
            ended = fetcher.takeEnded()
            if (ended.length === 0) await fetcher.available()
          }
          await fetcher.close()
          const headers = [
            { key: 'h', value: Buffer.from([0, 255]) },
            { key: 'h', value: null },
          ]
          expect(seen).toEqual([
            [0, 1_000, Buffer.from('k\u00e9y'), 'v'.repeat(1_000), headers],
            [1, 999, null, '', []],
            [2, 2 ** 40, Buffer.from([1, 2]), undefined, []],
          ])
        },
      )

      test('writes batches that Kafka reads by its own tools', async () => {
        const topic = await newTopic('console')
        const identity = await driver.initProducerId()
        for (const compression of compressions) {
          const producer = driver.createProducer({
            compression,
            identity: compression === 'none' ? identity : await driver.initProducerId(),
          })
          await write(producer, topic, 0, `${compression} a`, `${compression} b`)
          await producer.close()
        }
        const lines = compressions.flatMap((each) => [`${each} a`, `${each} b`])
        const args = [
          '--bootstrap-server',
          access().toolServers,
          '--topic',
          topic,
          '--from-beginning',
          '--max-messages',
          '10',
        ]
        expect((await kafkaTool('console-consumer', args)).trim().split('\n')).toEqual(lines)
      })

      test('stamps them by the clock of the broker where the topic says so', async () => {
        const topic = await newTopic('stamped', 1, { 'message.timestamp.type': 'LogAppendTime' })
        const producer = driver.createProducer()
        await write(producer, topic, 0, 'a')
        const fetcher = driver.createFetcher()
        fetcher.assign([{ topic, partition: 0, offset: 0 }])
        let record = fetcher.next()
        while (record === undefined) {
          await fetcher.available()
          record = fetcher.next()
        }
        expect(record.timestampType).toBe('log-append-time')
        expect(record.timestampMs).toBeGreaterThan(1_000)
        await fetcher.close()
      })

      test('keeps the order of many batches to many partitions, all at once', async () => {
        const topic = await newTopic('order', 4)
        const producer = driver.createProducer({ identity: await driver.initProducerId() })
        for (let i = 0; i < 400; i++) void producer.send(topic, i % 4, batchOf(`${i}`, `${i}+`))
        await producer.flush()
        expect(producer.pendingBytes).toBe(0)
        const seen = await readAll(driver, topic)
        const expected = Array.from({ length: 400 }, (_, i) => {
          const at = 2 * Math.floor(i / 4)
          return [`${i % 4}@${at} ${i}`, `${i % 4}@${at + 1} ${i}+`]
        })
        expect(seen.toSorted()).toEqual(expected.flat().toSorted())
      })

      test('pushes back when much is under way', async () => {
        const topic = await newTopic('room')
        const producer = driver.createProducer({ pendingBytesMax: 10_000 })
        expect(producer.whenRoom()).toBe(undefined)
        void producer.send(topic, 0, batchOf('x'.repeat(20_000)))
        expect(producer.whenRoom()).toBeInstanceOf(Promise)
        await producer.whenRoom()
        expect(producer.pendingBytes).toBe(0)
        await producer.close()
      })
    })

    describe('of a fetcher', () => {
      test('hands out its assignments with the records, pauses, resumes, seeks, forgets and ends', async () => {
        const topic = await newTopic('fetcher', 2)
        const producer = driver.createProducer()
        await write(producer, topic, 0, 'a', 'b', 'c')
        await write(producer, topic, 1, 'd', 'e')
        const first = { topic, partition: 0, offset: 1, note: 'mine' }
        const second = { topic, partition: 1, offset: 0, stoppingOffset: 1, note: 'mine too' }
        const fetcher = driver.createFetcher<typeof first>()
        fetcher.assign([first, second])
        fetcher.pause([first])
        const seen: string[] = []
        const readUntil = async (isDone: () => boolean): Promise<void> => {
          while (!isDone()) {
            for (let record = fetcher.next(); record !== undefined; record = fetcher.next()) {
              seen.push(`${record.assignment.note} ${record.valueText()}`)
            }
            if (!isDone()) await fetcher.available()
          }
        }
        let ended: readonly unknown[] = []
        await readUntil(() => {
          if (ended.length === 0) ended = fetcher.takeEnded()
          return ended.length > 0
        })
        expect(ended).toEqual([second])
        expect(seen).toEqual(['mine too d'])
        expect(fetcher.progress(second)).toBe(undefined)

        fetcher.resume([first])
        await readUntil(() => seen.length === 3)
        expect(fetcher.progress(first)).toMatchObject({
          offset: 3,
          highWatermark: 3,
          lastStableOffset: 3,
          logStartOffset: 0,
        })
        fetcher.seek({ topic, partition: 0, offset: 0 })
        await readUntil(() => seen.length === 6)
        expect(seen).toEqual(['mine too d', 'mine b', 'mine c', 'mine a', 'mine b', 'mine c'])
        fetcher.unassign([first])
        expect([fetcher.next(), fetcher.bufferedBytes]).toEqual([undefined, 0])
        await fetcher.close()
        await fetcher.available()
      })

      test('wakes when a record arrives', async () => {
        const topic = await newTopic('wakes')
        const fetcher = driver.createFetcher()
        fetcher.assign([{ topic, partition: 0, offset: 0 }])
        const producer = driver.createProducer()
        const arrived = fetcher.available()
        await write(producer, topic, 0, 'a')
        await arrived
        expect(fetcher.next()?.valueText()).toBe('a')
        await fetcher.close()
      })

      test('fetches ahead within its bound', async () => {
        const topic = await newTopic('bound', 4)
        const producer = driver.createProducer()
        for (let i = 0; i < 40; i++) void producer.send(topic, i % 4, batchOf('x'.repeat(50_000)))
        await producer.flush()
        const options = { prefetchBytesMax: 150_000, fetchBytesMax: 100_000, partitionBytesMax: 60_000 }
        const fetcher = driver.createFetcher(options)
        fetcher.assign([0, 1, 2, 3].map((partition) => ({ topic, partition, offset: 0, stoppingOffset: 10 })))
        let count = 0
        let bufferedMax = 0
        for (let ended = 0; ended < 4; ended += fetcher.takeEnded().length) {
          await fetcher.available()
          bufferedMax = Math.max(bufferedMax, fetcher.bufferedBytes)
          while (fetcher.next() !== undefined) count++
        }
        await fetcher.close()
        expect(count).toBe(40)
        // And one answer that was under way.
        expect(bufferedMax).toBeLessThanOrEqual(options.prefetchBytesMax + options.fetchBytesMax)
      })

      test('says which offsets are there when it is to read others, and goes on after a seek', async () => {
        const topic = await newTopic('range')
        const producer = driver.createProducer()
        await write(producer, topic, 0, 'a', 'b', 'c')
        await driver.admin.deleteRecords([{ topic, partition: 0, offset: 2 }])
        const fetcher = driver.createFetcher()
        fetcher.assign([{ topic, partition: 0, offset: 1 }])
        await fetcher.available()
        expect(() => fetcher.next()).toThrow(
          expect.objectContaining({
            code: 'OFFSET_OUT_OF_RANGE',
            facts: expect.objectContaining({ topic, partition: 0, offset: 1 }),
          }),
        )
        expect(fetcher.next()).toBe(undefined)
        fetcher.seek({ topic, partition: 0, offset: 2 })
        let record = fetcher.next()
        while (record === undefined) {
          await fetcher.available()
          record = fetcher.next()
        }
        expect(record.valueText()).toBe('c')
        await fetcher.close()
      })
    })

    describe('of offsets', () => {
      test('finds the first, the last, and those for a time', async () => {
        const topic = await newTopic('offsets', 2)
        const producer = driver.createProducer()
        const batch = new RecordBatchBuilder()
        // Of now: brokers delete what is older than their retention, whenever they come to look.
        const startMs = Date.now() - 60_000
        for (const time of [10, 20, 30]) batch.append(startMs + time, null, 'x')
        await producer.send(topic, 0, batch)
        const partitions = [
          { topic, partition: 1 },
          { topic, partition: 0 },
        ]
        const at = async (spec: Parameters<KafkaDriver['listOffsets']>[1]) =>
          (await driver.listOffsets(partitions, spec)).map(({ partition, offset }) => `${partition}@${offset}`)
        expect(await at('earliest')).toEqual(['1@0', '0@0'])
        expect(await at('latest')).toEqual(['1@0', '0@3'])
        expect(await at({ timestampMs: startMs + 15 })).toEqual(['1@0', '0@1'])
        expect(await at({ timestampMs: startMs + 31 })).toEqual(['1@0', '0@3'])
      })

      test('keeps those that a group has committed, where Kafka shows them', async () => {
        const topic = await newTopic('committed', 2)
        const groupId = uniqueName('group')
        const producer = driver.createProducer()
        await write(producer, topic, 1, 'a', 'b', 'c')
        const both = [0, 1].map((partition) => ({ topic, partition }))
        expect(await driver.fetchCommittedOffsets(groupId, both)).toEqual([])
        await driver.commitOffsets(groupId, [{ topic, partition: 1, offset: 2 }])
        expect(await driver.fetchCommittedOffsets(groupId, both)).toEqual([{ topic, partition: 1, offset: 2 }])
        const args = ['--bootstrap-server', access().toolServers, '--describe', '--group', groupId]
        const shown = await kafkaTool('consumer-groups', args)
        expect(shown.replaceAll(/ +/g, ' ')).toContain(`${groupId} ${topic} 1 2 3 1`)
      })
    })

    describe('of transactions', () => {
      test('shows them when they are committed, also twice', async () => {
        const topic = await newTopic('committed', 2)
        const { identity, producer } = await transactionalProducer(driver, uniqueName('id'))
        expect(producer.isTransactionEmpty).toBe(true)
        void producer.send(topic, 0, batchOf('a'))
        void producer.send(topic, 1, batchOf('b'))
        expect(producer.isTransactionEmpty).toBe(false)
        await producer.flush()
        expect(await readAll(driver, topic)).toEqual([])
        expect(await driver.listTransactions(identity.transactionalId)).toEqual([
          { transactionalId: identity.transactionalId, producerId: identity.producerId, state: 'Ongoing' },
        ])
        const [described] = await driver.describeTransactions([identity.transactionalId, uniqueName('never')])
        expect(described).toMatchObject({ ...identity, state: 'Ongoing', timeoutMs: 60_000 })
        expect(described!.partitions.toSorted((a, b) => a.partition - b.partition)).toEqual([
          { topic, partition: 0 },
          { topic, partition: 1 },
        ])
        await driver.endTransaction(identity, 'commit')
        await driver.endTransaction(identity, 'commit')
        await expect
          .poll(() => readAll(driver, topic).then((seen) => seen.toSorted()), soon)
          .toEqual(['0@0 a', '1@0 b'])
        producer.beginTransaction()
        await write(producer, topic, 0, 'c')
        await driver.endTransaction(identity, 'abort')
        // Before the marker or after it, which the broker writes when it comes to it.
        await write(driver.createProducer(), topic, 0, 'd')
        await expect
          .poll(() => readAll(driver, topic).then((seen) => seen.toSorted()), soon)
          .toEqual(['0@0 a', expect.stringMatching(/^0@[34] d$/), '1@0 b'])
        await producer.close()
      })

      test('leaves out those that were aborted where they interleave, as Kafka does', async () => {
        const topic = await newTopic('interleaved')
        const producers = await Promise.all(['a', 'b', 'c'].map((id) => transactionalProducer(driver, uniqueName(id))))
        let kept: string[] = []
        const open = producers.map(() => [] as string[])
        // Each of three goes its own way: writes twice or thrice, then commits or aborts, by a fixed pattern.
        for (let step = 0; step < 60; step++) {
          const i = (step * 7 + (step >> 2)) % 3
          const { identity, producer } = producers[i]!
          await write(producer, topic, 0, `${i}-${step}`)
          open[i]!.push(`${i}-${step}`)
          if (step % 5 < 3) continue
          const outcome = step % 2 === 0 ? 'commit' : 'abort'
          await driver.endTransaction(identity, outcome)
          producer.beginTransaction()
          if (outcome === 'commit') kept = kept.concat(open[i]!)
          open[i] = []
        }
        for (const { identity, producer } of producers) {
          if (!producer.isTransactionEmpty) await driver.endTransaction(identity, 'abort')
        }
        await write(driver.createProducer(), topic, 0, 'end')
        const order = (value: string): number => Number(value.split('-')[1] ?? Number.POSITIVE_INFINITY)
        const expected = [...kept, 'end'].toSorted((a, b) => order(a) - order(b))
        const values = (seen: readonly string[]): string[] => seen.map((each) => each.split(' ')[1]!)
        await expect.poll(async () => values(await readAll(driver, topic)), soon).toEqual(expected)
        const small = { fetchBytesMax: 300, partitionBytesMax: 300 }
        expect(values(await readAll(driver, topic, small))).toEqual(expected)
        expect((await readAll(driver, topic, { isolation: 'read_uncommitted' })).length).toBe(61)
        const args = [
          '--bootstrap-server',
          access().toolServers,
          '--topic',
          topic,
          '--from-beginning',
          '--timeout-ms',
          '5000',
        ]
        const kafkas = await kafkaTool('console-consumer', [
          ...args,
          '--isolation-level',
          'read_committed',
          '--max-messages',
          String(expected.length),
        ])
        expect(kafkas.trim().split('\n')).toEqual(expected)
      })

      test('refuses to end one that nothing was written in, or that was ended the other way', async () => {
        const topic = await newTopic('ended')
        const { identity, producer } = await transactionalProducer(driver, uniqueName('id'))
        const empty = await rejectionOf(driver.endTransaction(identity, 'commit'))
        expect(empty).toMatchObject({ code: 'INVALID_TRANSACTION_STATE', facts: identity })
        await write(producer, topic, 0, 'a')
        await driver.endTransaction(identity, 'abort')
        expect(await rejectionOf(driver.endTransaction(identity, 'commit'))).toMatchObject({
          code: 'INVALID_TRANSACTION_STATE',
        })
      })

      test('fences the producer before, and aborts what it had open', async () => {
        const topic = await newTopic('fenced')
        const id = uniqueName('id')
        const before = await transactionalProducer(driver, id)
        await write(before.producer, topic, 0, 'a')
        const after = await transactionalProducer(driver, id)
        expect(after.identity.producerId).toBe(before.identity.producerId)
        expect(after.identity.epoch).toBeGreaterThan(before.identity.epoch)
        expect(await rejectionOf(before.producer.send(topic, 0, batchOf('b')))).toMatchObject({
          code: 'PRODUCER_FENCED',
        })
        expect(before.producer.failure).toMatchObject({ code: 'PRODUCER_FENCED' })
        expect(await rejectionOf(before.producer.send(topic, 0, batchOf('c')))).toMatchObject({
          code: 'PRODUCER_FAILED',
        })
        expect(await rejectionOf(driver.endTransaction(before.identity, 'commit'))).toMatchObject({
          code: 'PRODUCER_FENCED',
        })
        await write(after.producer, topic, 0, 'd')
        await driver.endTransaction(after.identity, 'commit')
        await expect.poll(() => readAll(driver, topic), soon).toEqual([expect.stringMatching(/ d$/)])
      })

      test('refuses a timeout above the maximum of the broker', async () => {
        expect(await rejectionOf(driver.initProducerId(uniqueName('id'), 2 ** 31 - 1))).toMatchObject({
          code: 'TRANSACTION_TIMEOUT_REFUSED',
        })
      })
    })

    describe('of errors', () => {
      test('names a topic that is not there', async () => {
        const topic = uniqueName('none')
        const message = expect.stringContaining(topic)
        const [listed, sent, fetched] = await Promise.all([
          rejectionOf(driver.listOffsets([{ topic, partition: 0 }], 'latest')),
          rejectionOf(driver.createProducer().send(topic, 0, batchOf('a'))),
          (async () => {
            const fetcher = driver.createFetcher()
            fetcher.assign([{ topic, partition: 0, offset: 0 }])
            await fetcher.available()
            try {
              return fetcher.next()
            } catch (error) {
              return error
            }
          })(),
        ])
        for (const error of [listed, sent, fetched]) expect(error).toMatchObject({ code: 'UNKNOWN_TOPIC', message })
      })

      test('names the partition whose record is too large', async () => {
        const topic = await newTopic('large', 1, { 'max.message.bytes': '1000' })
        const error = await rejectionOf(driver.createProducer().send(topic, 0, batchOf('x'.repeat(2_000))))
        expect(error).toMatchObject({ code: 'RECORD_TOO_LARGE', facts: { topic, partition: 0 } })
      })

      test('rejects what is under way when it is closed', async () => {
        const topic = await newTopic('closed')
        const other = createDriver(access().connection, driverContext)
        const sent = rejectionOf(other.createProducer().send(topic, 0, batchOf('a')))
        const listed = rejectionOf(other.listOffsets([{ topic, partition: 0 }], 'latest'))
        const fetcher = other.createFetcher()
        fetcher.assign([{ topic, partition: 0, offset: 0 }])
        const available = fetcher.available()
        await other.close()
        expect([await sent, await listed]).toEqual([
          expect.objectContaining({ code: 'CLOSED' }),
          expect.objectContaining({ code: 'CLOSED' }),
        ])
        await available
        expect(await rejectionOf(other.connect())).toMatchObject({ code: 'CLOSED' })
      })

      test('names servers where no broker listens, and goes on to the next', async () => {
        const none = '127.0.0.1:1'
        const { connection } = access()
        const nobody = createDriver({ ...connection, bootstrapServers: [none], retryTimeoutMs: 300 }, driverContext)
        expect(await rejectionOf(nobody.connect())).toMatchObject({
          code: 'BROKER_UNREACHABLE',
          message: expect.stringContaining(none),
        })
        await nobody.close()
        const next = createDriver(
          { ...connection, bootstrapServers: [none, ...connection.bootstrapServers] },
          driverContext,
        )
        await next.connect()
        await next.close()
      })
    })

    test('reads a range of two partitions between given offsets', async () => {
      const topic = await newTopic('ranges', 2)
      const producer = driver.createProducer()
      await write(producer, topic, 0, 'a', 'b', 'c')
      await write(producer, topic, 1, 'd', 'e', 'f')
      const at = (...offsets: number[]) => offsets.map((offset, partition) => ({ topic, partition, offset }))
      expect((await readBetween(driver, at(1, 0), at(2, 2))).toSorted()).toEqual(['0@1 b', '1@0 d', '1@1 e'])
    })
  })
}
