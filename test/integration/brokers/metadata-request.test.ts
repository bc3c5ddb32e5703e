import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { requestMetadata } from '../../../scripts/kafka/metadata-request.ts'

async function serverThat(answers: (socket: Socket) => void): Promise<Server & AsyncDisposable> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => answers(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

test.each<[string, (socket: Socket) => void, string]>([
  ['says nothing', () => {}, 'nothing came for 100 ms'],
  ['hangs up', (socket) => socket.end(), 'the connection was closed'],
  ['talks HTTP', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'), 'this is not a Kafka broker'],
  [
    'answers something else',
    (socket) => socket.end(Buffer.alloc(12, 0).fill(8, 3, 4)),
    'the answer is to another request',
  ],
])('A server that %s is not taken for a broker', async (_, answers, reason) => {
  await using server = await serverThat(answers)
  const { port } = server.address() as AddressInfo
  await expect(requestMetadata('127.0.0.1', port, 100)).rejects.toThrow(
    `No Metadata answer from 127.0.0.1:${port}: ${reason}`,
  )
})
