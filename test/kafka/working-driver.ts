import { setTimeout as delay } from 'node:timers/promises'
import type { KafkaDriverName } from '@millrace/runtime/connector'
import { SeededRandom } from '@millrace/runtime/testing'
import { expect } from 'vitest'
import type { KafkaDriver, TransactionalIdentity } from '../../packages/connectors/src/kafka/driver/kafka-driver.ts'
import { kafkaDriverFor } from '../../packages/connectors/src/kafka/driver/kafka-driver-for.ts'
import type { KafkaFetcher, PartitionAssignment } from '../../packages/connectors/src/kafka/driver/kafka-fetcher.ts'
import type { KafkaProducer } from '../../packages/connectors/src/kafka/driver/kafka-producer.ts'
import { batchOf, driverContext, readAll, transactionalProducer } from './driver-context.ts'
import { uniqueName } from './kafka.ts'

export const workingPartitions: readonly number[] = [0, 1, 2]

/** Where a test wants the coordinators of what it makes. */
export interface WorkingDriverOptions {
  readonly servers: readonly string[]
  readonly transactionalId: string
  readonly groupId: string
  readonly seed: number
}

/** A driver that writes without pause, in transactions and without, commits offsets, and reads all that at the same time. */
export class WorkingDriver {
  readonly name: KafkaDriverName
  readonly driver: KafkaDriver
  readonly topic: string
  readonly #groupId: string
  readonly #random: SeededRandom
  readonly #plain: KafkaProducer
  readonly #identity: TransactionalIdentity
  readonly #transactional: KafkaProducer
  readonly #fetcher: KafkaFetcher<PartitionAssignment>
  /** What is to be read: `plain 2 17` is the 17th of its writer, in partition 2. */
  readonly #expected: string[] = []
  readonly #seen: string[] = []
  readonly #working: Promise<void>
  #count = 0
  #rounds = 0
  #isEnding = false

  static async start(name: KafkaDriverName, options: WorkingDriverOptions): Promise<WorkingDriver> {
    const driver = kafkaDriverFor(name)({ bootstrapServers: options.servers }, driverContext)
    const topic = uniqueName(name)
    const configs = { 'min.insync.replicas': '2' }
    await driver.admin.createTopics([{ topic, partitions: workingPartitions.length, replicationFactor: 3, configs }])
    const plain = driver.createProducer({ identity: await driver.initProducerId() })
    return new WorkingDriver(
      name,
      driver,
      topic,
      options,
      plain,
      await transactionalProducer(driver, options.transactionalId),
    )
  }

  private constructor(
    name: KafkaDriverName,
    driver: KafkaDriver,
    topic: string,
    { groupId, seed }: WorkingDriverOptions,
    plain: KafkaProducer,
    { identity, producer }: Awaited<ReturnType<typeof transactionalProducer>>,
  ) {
    this.name = name
    this.driver = driver
    this.topic = topic
    this.#groupId = groupId
    this.#random = new SeededRandom(seed)
    this.#plain = plain
    this.#identity = identity
    this.#transactional = producer
    this.#fetcher = driver.createFetcher()
    this.#fetcher.assign(workingPartitions.map((partition) => ({ topic, partition, offset: 0 })))
    this.#working = this.#work()
    // It is looked at in the next `proceed`.
    this.#working.catch(() => {})
  }

  /** Waits until so many more transactions are through. */
  async proceed(rounds: number): Promise<void> {
    const goal = this.#rounds + rounds
    while (this.#rounds < goal) await Promise.race([delay(50), this.#working.then(() => delay(50))])
  }

  async leaderOf(partition: number): Promise<number> {
    const [found] = await this.driver.topics([this.topic])
    return found!.partitions[partition]!.leader
  }

  /** Ends its work, and checks all that it did. */
  async checkAndClose(): Promise<void> {
    this.#isEnding = true
    await this.#working
    const { driver, topic } = this
    await driver.commitOffsets(this.#groupId, [{ topic, partition: 0, offset: this.#rounds }])
    // Markers of the last transactions may be on their way.
    await expect
      .poll(async () => (await readAll(driver, topic)).length, { timeout: 60_000 })
      .toBeGreaterThanOrEqual(this.#expected.length)
    const all = (await readAll(driver, topic)).map((each) => each.slice(each.indexOf(' ') + 1))
    expect(all.toSorted(), `${this.name}: what is there`).toEqual(this.#expected.toSorted())
    while (this.#seen.length < all.length) {
      await this.#fetcher.available()
      this.#read()
    }
    for (const writer of ['plain', 'transactional']) {
      for (const partition of workingPartitions) {
        const own = (each: string): boolean => each.startsWith(`${writer} ${partition} `)
        const where = `${this.name}: ${writer} in partition ${partition}`
        expect(all.filter(own), where).toEqual(this.#expected.filter(own))
        expect(this.#seen.filter(own), `${where}, read as it was written`).toEqual(this.#expected.filter(own))
      }
    }
    expect(this.#seen.length).toBe(all.length)
    expect(await driver.fetchCommittedOffsets(this.#groupId, [{ topic, partition: 0 }])).toEqual([
      { topic, partition: 0, offset: this.#rounds },
    ])
    await driver.close()
  }

  async #work(): Promise<void> {
    for (; !this.#isEnding; this.#rounds++) {
      for (let i = this.#random.below(6); i >= 0; i--) this.#expected.push(...this.#send('plain', this.#plain))
      const written: string[] = []
      for (let i = this.#random.below(6); i >= 0; i--) {
        written.push(...this.#send('transactional', this.#transactional))
      }
      await this.#transactional.flush()
      const outcome = this.#random.below(4) === 0 ? 'abort' : 'commit'
      await this.driver.endTransaction(this.#identity, outcome)
      this.#transactional.beginTransaction()
      if (outcome === 'commit') this.#expected.push(...written)
      const { topic } = this
      await this.driver.commitOffsets(this.#groupId, [{ topic, partition: 0, offset: this.#rounds }])
      this.#read()
      await delay(5)
    }
    await this.#plain.flush()
  }

  #send(writer: string, producer: KafkaProducer): readonly string[] {
    const partition = this.#random.below(workingPartitions.length)
    const values = Array.from({ length: 1 + this.#random.below(3) }, () => `${writer} ${partition} ${this.#count++}`)
    void producer.send(this.topic, partition, batchOf(...values))
    return values
  }

  #read(): void {
    for (let record = this.#fetcher.next(); record !== undefined; record = this.#fetcher.next()) {
      this.#seen.push(record.valueText()!)
    }
  }
}
