import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFailed, onTestFinished } from 'vitest'
import { createKafkaDriver } from '../../../packages/connectors/src/kafka/driver/create-kafka-driver.ts'
import type {
  KafkaDriver,
  TopicPartition,
  TransactionDescription,
} from '../../../packages/connectors/src/kafka/driver/kafka-driver.ts'
import type { KafkaCluster } from '../../../scripts/kafka/kafka-cluster.ts'
import { runKafkaTool } from '../../../scripts/kafka/kafka-tool.ts'
import { driverContext, write } from '../driver-context.ts'
import { uniqueName } from '../kafka.ts'
import { requireKafka, startTestCluster } from '../test-cluster.ts'
import { endMark, violations } from './committed-output.ts'
import { KilledJob } from './killed-job.ts'
import { type InputShape, NumberedInput, recordCount, recordsPerPartition } from './numbered-input.ts'

/** The consumer gives up when nothing has come for so long, which means that something is missing. */
const idleMsMax = 20_000
const readMsMax = 120_000
/** Far less than the transaction timeout of the job. */
const endingMsMax = 10_000
const pollMs = 100

/** A cluster of the test's own, the input that flows into it, and the job between its two topics. */
export class CrashWorld {
  readonly cluster: KafkaCluster
  readonly input: NumberedInput
  readonly job: KilledJob
  readonly #driver: KafkaDriver
  readonly #topics: { readonly input: string; readonly output: string }
  readonly #shape: InputShape

  private constructor(
    { cluster, driver, seed }: { cluster: KafkaCluster; driver: KafkaDriver; seed: number },
    topics: { readonly input: string; readonly output: string },
    shape: InputShape,
  ) {
    this.cluster = cluster
    this.#driver = driver
    this.#topics = topics
    this.#shape = shape
    this.input = new NumberedInput(driver, topics.input, shape)
    const outputs = partitionsOf(topics.output, shape)
    const measureOutput = async () => {
      const ends = await driver.listOffsets(outputs, 'latest', 'read_uncommitted')
      return ends.reduce((sum, { offset }) => sum + offset, 0)
    }
    this.job = new KilledJob({ cluster, ...topics, shape, seed, measureOutput })
  }

  /** It ends with the test, also with one that takes too long; a test that fails prints the story of its job. */
  static async start(shape: InputShape, seed: number): Promise<CrashWorld> {
    const cluster = await startTestCluster()
    const driver = createKafkaDriver({ bootstrapServers: [cluster.bootstrapServers] }, driverContext)
    const topics = { input: uniqueName('numbers'), output: uniqueName('counts') }
    const { partitions } = shape
    await driver.admin.createTopics(Object.values(topics).map((topic) => ({ topic, partitions })))
    const world = new CrashWorld({ cluster, driver, seed }, topics, shape)
    onTestFailed(() => console.log(world.job.story))
    onTestFinished(() => world.#stop())
    return world
  }

  /**
   * After the job has finished: what Kafka's own consumer of `read_committed` sees is each record once, in order, and no
   * transaction is left open.
   */
  async expectExactlyOnce(): Promise<void> {
    const { input, output } = this.#topics
    const all = partitionsOf(input, this.#shape)
    const written = await this.#driver.listOffsets(all, 'latest')
    expect(written, 'the input').toEqual(all.map((each) => ({ ...each, offset: recordsPerPartition(this.#shape) })))
    // First, since nobody would be given what is behind them.
    expect(await this.#openTransactions(), 'open transactions').toEqual([])
    await this.#writeEndMarks(output)
    let found = violations(await this.#readCommitted(output, all.length + recordCount(this.#shape)), this.#shape)
    // If there is more than there should be, all of it has to be known to tell what is lost.
    if (found.length > 0) found = violations(await this.#readCommitted(output), this.#shape)
    expect(found).toEqual([])
  }

  /** Those that nobody ends: brokers end what is committed or aborted a moment later. */
  async #openTransactions(): Promise<readonly TransactionDescription[]> {
    const deadline = Date.now() + endingMsMax
    for (;;) {
      const all = await this.#driver.listTransactions(this.#topics.output)
      const open = all.filter(({ state }) => state !== 'CompleteCommit' && state !== 'CompleteAbort')
      if (open.length === 0) return []
      if (Date.now() > deadline) return this.#driver.describeTransactions(open.map((each) => each.transactionalId))
      await delay(pollMs)
    }
  }

  async #writeEndMarks(topic: string): Promise<void> {
    const producer = this.#driver.createProducer()
    for (const { partition } of partitionsOf(topic, this.#shape)) await write(producer, topic, partition, endMark)
    await producer.close()
  }

  /** So many records, or until nothing comes any more. */
  async #readCommitted(topic: string, count?: number): Promise<string> {
    const formatter = ['partition', 'offset', 'key'].flatMap((part) => ['--formatter-property', `print.${part}=true`])
    const read = await runKafkaTool(
      await requireKafka(),
      'console-consumer',
      [
        ...['--bootstrap-server', this.cluster.bootstrapServers, '--topic', topic, '--from-beginning'],
        ...['--isolation-level', 'read_committed', ...formatter],
        ...(count === undefined ? [] : ['--max-messages', String(count)]),
        ...['--timeout-ms', String(idleMsMax)],
      ],
      { timeoutMs: readMsMax },
    )
    return read.stdout
  }

  async #stop(): Promise<void> {
    await this.input.stop()
    await this.job[Symbol.asyncDispose]()
    await this.#driver.close()
    await this.cluster.kill()
  }
}

function partitionsOf(topic: string, { partitions }: InputShape): readonly TopicPartition[] {
  return Array.from({ length: partitions }, (_, partition) => ({ topic, partition }))
}
