import { connect } from 'node:net'

/** A broker as another one, or itself, knows it. */
export interface KnownBroker {
  readonly id: number
  readonly host: string
  readonly port: number
}

const metadataKey = 3
const metadataVersion = 1
const correlationId = 4711
const clientId = 'millrace-probe'
/** Brokers only, no topics: an answer of a few dozen bytes a broker. */
const answerBytesMax = 1 << 20

/**
 * Asks a broker which brokers take part. Only a broker that has registered and caught up answers with itself in the list:
 * an open port says much less. Rejects if there is no answer within the time.
 */
export function requestMetadata(host: string, port: number, timeoutMs: number): Promise<readonly KnownBroker[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly KnownBroker[]>()
  const socket = connect({ host, port })
  const chunks: Buffer[] = []
  const fail = (error: Error): void => {
    socket.destroy()
    reject(new Error(`No Metadata answer from ${host}:${port}: ${error.message}`, { cause: error }))
  }
  socket.setTimeout(timeoutMs, () => fail(new Error(`nothing came for ${timeoutMs} ms`)))
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the connection was closed')))
  socket.on('connect', () => socket.write(encodeRequest()))
  socket.on('data', (chunk) => {
    chunks.push(chunk)
    const bytes = Buffer.concat(chunks)
    if (bytes.length < 4) return
    const length = bytes.readInt32BE(0)
    if (length < 0 || length > answerBytesMax) return fail(new Error('this is not a Kafka broker'))
    if (bytes.length < 4 + length) return
    socket.destroy()
    try {
      resolve(decodeAnswer(bytes.subarray(4, 4 + length)))
    } catch (error) {
      fail(error as Error)
    }
  })
  return promise
}

function encodeRequest(): Buffer {
  const id = Buffer.from(clientId)
  const request = Buffer.alloc(4 + 2 + 2 + 4 + 2 + id.length + 4)
  request.writeInt32BE(request.length - 4, 0)
  request.writeInt16BE(metadataKey, 4)
  request.writeInt16BE(metadataVersion, 6)
  request.writeInt32BE(correlationId, 8)
  request.writeInt16BE(id.length, 12)
  id.copy(request, 14)
  // An empty list of topics: none. A missing one would ask for all.
  request.writeInt32BE(0, 14 + id.length)
  return request
}

function decodeAnswer(bytes: Buffer): readonly KnownBroker[] {
  if (bytes.readInt32BE(0) !== correlationId) throw new Error('the answer is to another request')
  const count = bytes.readInt32BE(4)
  let position = 8
  const text = (): string => {
    const length = bytes.readInt16BE(position)
    position += 2
    if (length < 0) return ''
    position += length
    return bytes.toString('utf8', position - length, position)
  }
  const brokers: KnownBroker[] = []
  for (let i = 0; i < count; i++) {
    const id = bytes.readInt32BE(position)
    position += 4
    const host = text()
    const port = bytes.readInt32BE(position)
    position += 4
    text() // the rack
    brokers.push({ id, host, port })
  }
  return brokers.toSorted((a, b) => a.id - b.id)
}
