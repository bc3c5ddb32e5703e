import { expect, test } from 'vitest'
import { requestMetadata } from '../../scripts/kafka/metadata-request.ts'
import { brokers, createTopic, kafkaTool } from './kafka.ts'

test('The broker of the tests answers, and knows itself', async () => {
  const [host = '', port = ''] = brokers().split(',')[0]!.split(':')
  const known = await requestMetadata(host, Number(port), 5_000)
  expect(known).toContainEqual({ id: expect.any(Number), host: expect.any(String), port: Number(port) })
})

test("Kafka's own console tools write and read a topic", async () => {
  const topic = await createTopic('round-trip', 2)
  const at = ['--bootstrap-server', brokers(), '--topic', topic]
  await kafkaTool('console-producer', at, { input: 'one\ntwo\nthree\n' })
  const read = await kafkaTool('console-consumer', [...at, '--from-beginning', '--max-messages', '3'])
  expect(read.trim().split('\n').toSorted()).toEqual(['one', 'three', 'two'])
})
