// Leaders that move, a broker that dies and comes back, coordinators that fail over: nothing is lost, doubled or out of order.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { kafkaDriverFor } from '../../packages/connectors/src/kafka/driver/kafka-driver-for.ts'
import type { KafkaCluster } from '../../scripts/kafka/kafka-cluster.ts'
import { driverContext, kafkaDriverNames } from './driver-context.ts'
import { describeKafkaDriver } from './driver-suite.ts'
import { uniqueName } from './kafka.ts'
import { moveLeader } from './leaders.ts'
import { startTestCluster } from './test-cluster.ts'
import { WorkingDriver, workingPartitions } from './working-driver.ts'

const seed = Number(process.env.MILLRACE_SEED ?? 7)
const patiently = { timeout: 60_000, interval: 200 }

let cluster: KafkaCluster
beforeAll(async () => {
  cluster = await startTestCluster({ brokerCount: 3 })
}, 180_000)
afterAll(() => cluster?.kill())

test(`Each driver goes on while leaders move and a leader and coordinator dies and comes back (seed ${seed})`, async () => {
  const servers = cluster.bootstrapServers.split(',')
  const { victim, transactionalIds, groupIds } = await coordinatedByOne(servers)
  const drivers = await Promise.all(
    kafkaDriverNames.map((name, i) =>
      WorkingDriver.start(name, {
        servers,
        transactionalId: transactionalIds[i]!,
        groupId: groupIds[i]!,
        seed: seed + i,
      }),
    ),
  )
  await Promise.all(drivers.map((each) => each.proceed(10)))

  // A partition that another broker leads goes to the one that is to die.
  await Promise.all(
    drivers.map(async (each) => {
      const [found] = await each.driver.topics([each.topic])
      const { partition, replicas } = found!.partitions.find(({ leader }) => leader !== victim)!
      const others = replicas.filter((id) => id !== victim)
      await moveLeader(cluster.bootstrapServers, each.topic, partition, [victim, ...others])
      await expect.poll(() => each.leaderOf(partition), patiently).toBe(victim)
      await each.proceed(10)
    }),
  )

  await cluster.killBroker(victim)
  for (const each of drivers) {
    for (const partition of workingPartitions) {
      await expect.poll(() => each.leaderOf(partition), patiently).not.toBe(victim)
    }
    await each.proceed(10)
  }

  await cluster.startBroker(victim)
  await Promise.all(drivers.map((each) => each.proceed(20)))
  for (const each of drivers) await each.checkAndClose()
}, 600_000)

describe('With one of three brokers dead', () => {
  beforeAll(async () => {
    await cluster.killBroker(2)
    const driver = kafkaDriverFor('kafkajs')({ bootstrapServers: cluster.bootstrapServers.split(',') }, driverContext)
    // Until it is missed.
    await vi.waitFor(async () => expect((await driver.admin.brokers()).length).toBe(2), patiently)
    await driver.close()
  }, 60_000)

  for (const name of kafkaDriverNames) {
    describeKafkaDriver(`on connections of ${name}`, kafkaDriverFor(name), () => ({
      connection: { bootstrapServers: cluster.bootstrapServers.split(',') },
      toolServers: cluster.bootstrapServers,
    }))
  }
})

/** One broker, and ids of transactions and groups, two each, that it coordinates. */
async function coordinatedByOne(servers: readonly string[]): Promise<{
  readonly victim: number
  readonly transactionalIds: readonly string[]
  readonly groupIds: readonly string[]
}> {
  const driver = kafkaDriverFor('kafkajs')({ bootstrapServers: servers }, driverContext)
  // With these Kafka makes the topics that it keeps them in.
  await driver.initProducerId(uniqueName('first'))
  await driver.fetchCommittedOffsets(uniqueName('first'), [{ topic: 'none', partition: 0 }])
  const leadersOf = async (topic: string): Promise<readonly number[]> =>
    (await driver.topics([topic]))[0]!.partitions.map(({ leader }) => leader)
  const ofTransactions = await leadersOf('__transaction_state')
  const ofGroups = await leadersOf('__consumer_offsets')
  await driver.close()
  const victim = ofTransactions[0]!
  return {
    victim,
    transactionalIds: namesFor(ofTransactions, victim),
    groupIds: namesFor(ofGroups, victim),
  }
}

/** Kafka keeps what has a name in the partition of its hash. */
function namesFor(leaders: readonly number[], leader: number): readonly string[] {
  const names: string[] = []
  while (names.length < kafkaDriverNames.length) {
    const name = uniqueName('id')
    if (leaders[Math.abs(javaHash(name)) % leaders.length] === leader) names.push(name)
  }
  return names
}

function javaHash(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
  return hash
}
