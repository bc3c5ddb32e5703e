import { expect, test } from 'vitest'
import { requestMetadata } from '../../scripts/kafka/metadata-request.ts'
import { createTopic, kafkaTool } from './kafka.ts'
import { startTestCluster } from './test-cluster.ts'

test('Three brokers go on when one is killed, and take it back', async () => {
  await using cluster = await startTestCluster({ brokerCount: 3 })
  const servers = cluster.bootstrapServers
  const topic = await createTopic('killed', 1, servers)
  const at = ['--bootstrap-server', servers, '--topic', topic]
  const produce = (text: string) =>
    kafkaTool('console-producer', [...at, '--producer-property', 'acks=all'], { input: text })
  const leader = async () => Number(/Leader: (\d+)/.exec(await kafkaTool('topics', [...at, '--describe']))?.[1])
  await produce('before\n')
  const first = await leader()
  await cluster.killBroker(first)
  await produce('while it is dead\n')
  expect(await leader()).not.toBe(first)

  await cluster.startBroker(first)
  const known = await requestMetadata('127.0.0.1', cluster.port, 5_000)
  expect(known.map(({ id }) => id)).toEqual([1, 2, 3])
  const read = await kafkaTool('console-consumer', [...at, '--from-beginning', '--max-messages', '2'])
  expect(read).toBe('before\nwhile it is dead\n')
})
