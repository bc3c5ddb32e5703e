import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { KafkaCluster } from '../../scripts/kafka/kafka-cluster.ts'
import { requestMetadata } from '../../scripts/kafka/metadata-request.ts'
import { createTopic, kafkaTool } from './kafka.ts'
import { leaderOf, moveLeader } from './leaders.ts'
import { startTestCluster } from './test-cluster.ts'

describe('Three brokers', () => {
  let cluster: KafkaCluster
  let servers: string

  beforeAll(async () => {
    cluster = await startTestCluster({ brokerCount: 3 })
    servers = cluster.bootstrapServers
  })
  afterAll(() => cluster?.kill())

  test('go on when one is killed, and take it back', async () => {
    const topic = await createTopic('killed', 1, servers)
    const at = ['--bootstrap-server', servers, '--topic', topic]
    const produce = (line: string) => kafkaTool('console-producer', at, { input: `${line}\n` })
    await produce('before')
    const first = await leaderOf(servers, topic, 0)
    await cluster.killBroker(first)
    await produce('while it is dead')
    expect(await leaderOf(servers, topic, 0)).not.toBe(first)

    await cluster.startBroker(first)
    const known = await requestMetadata('127.0.0.1', cluster.port, 5_000)
    expect(known.map(({ id }) => id)).toEqual([1, 2, 3])
    const read = await kafkaTool('console-consumer', [...at, '--from-beginning', '--max-messages', '2'])
    expect(read).toBe('before\nwhile it is dead\n')
  })

  test('move the leader of a partition when they are told', async () => {
    const topic = await createTopic('moved', 1, servers)
    const before = await leaderOf(servers, topic, 0)
    const after = (before % 3) + 1
    await moveLeader(servers, topic, 0, [after, before])
    expect(await leaderOf(servers, topic, 0)).toBe(after)
  })
})
