import { once } from 'node:events'
import net from 'node:net'
import { SystemClock, silentLogger } from '@millrace/runtime/testing'
import { expect, test } from 'vitest'
import { produceRequest } from '../protocol/produce-request.ts'
import { AnswerMemory } from './answer-memory.ts'
import { connectionSettings } from './connection-settings.ts'
import { connectByKafkajs } from './kafkajs-connection.ts'

/** More than the buffers of two sockets take. */
const batchBytes = 48 * 1024 * 1024
const headBytesMax = 1_024
const context = { clock: new SystemClock(), logger: silentLogger }

test('What has not left of a request when its connection is given up never does: its memory may be used again by then', async () => {
  const sockets: net.Socket[] = []
  const server = net.createServer((socket) => {
    sockets.push(socket)
    socket.once('data', (request: Buffer) => {
      socket.write(versionsAnswer(request.readInt32BE(8)))
      // From here on this broker reads nothing.
      socket.pause()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  const settings = connectionSettings({ bootstrapServers: [`127.0.0.1:${port}`] })
  const connection = await connectByKafkajs('127.0.0.1', port, settings, context, new AnswerMemory())

  const bytes = Buffer.alloc(batchBytes)
  const options = { transactionalId: undefined, acks: -1, timeoutMs: 1_000 } as const
  // As much of it as the buffers hold leaves at once.
  const lost = connection.send(produceRequest([['orders', [{ partition: 0, bytes }]]], options))
  connection.close()
  await expect(lost).rejects.toMatchObject({ name: 'ConnectionLostError' })
  bytes.fill(0xff, batchBytes / 2)

  const [socket] = sockets
  let received = 0
  let hasOverwritten = false
  socket!.on('error', () => {})
  socket!.on('data', (part: Buffer) => {
    // The head of the request has such bytes too.
    hasOverwritten ||= part.includes(0xff, Math.max(0, headBytesMax - received))
    received += part.length
  })
  socket!.resume()
  await once(socket!, 'close')
  server.close()
  expect(hasOverwritten).toBe(false)
  expect(received).toBeLessThan(batchBytes)
})

/** Produce and ApiVersions, in all versions. */
function versionsAnswer(correlationId: number): Buffer {
  const answer = Buffer.alloc(4 + 4 + 2 + 4 + 2 * 6)
  answer.writeInt32BE(answer.length - 4, 0)
  answer.writeInt32BE(correlationId, 4)
  answer.writeInt32BE(2, 10)
  answer.writeInt16BE(9, 18)
  answer.writeInt16BE(18, 20)
  answer.writeInt16BE(9, 24)
  return answer
}
