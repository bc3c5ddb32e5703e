import type { IncomingMessage } from 'node:http'
import { RestError } from './rest-error.ts'

/** No request needs more; whoever sends more is not read any further. */
const bodyBytesMax = 64 * 1024

export type RequestBody = Readonly<Record<string, unknown>>

const mutations = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

/**
 * The JSON object that a request carries, `{}` if it carries nothing. What changes something must say that it is JSON: a
 * form of a web page cannot.
 *
 * @throws RestError
 */
export async function readRequestBody(request: IncomingMessage): Promise<RequestBody> {
  const { method = 'GET', headers } = request
  const isMutation = mutations.has(method)
  if (isMutation && !/^application\/json(?:\s*;|$)/i.test(headers['content-type'] ?? '')) {
    throw new RestError('UNSUPPORTED_MEDIA_TYPE', `${method} needs the header "Content-Type: application/json"`)
  }
  const text = await readText(request)
  // Some clients send a body with GET, too: it is read and means nothing.
  if (!isMutation || text.trim() === '') return {}
  const body = parsed(text)
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new RestError('BAD_REQUEST', 'The body must be a JSON object')
  }
  return body as RequestBody
}

function readText(request: IncomingMessage): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const tooLarge = (): RestError =>
    new RestError('BODY_TOO_LARGE', `The body is larger than ${bodyBytesMax} bytes`, { bodyBytesMax })
  if (Number(request.headers['content-length'] ?? 0) > bodyBytesMax) return Promise.reject(tooLarge())
  const chunks: Buffer[] = []
  let length = 0
  request.on('data', (chunk: Buffer) => {
    length += chunk.length
    if (length <= bodyBytesMax) chunks.push(chunk)
    else {
      request.pause()
      reject(tooLarge())
    }
  })
  request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')))
  request.on('error', reject)
  request.on('close', () => reject(new RestError('BAD_REQUEST', 'The request was broken off')))
  return promise
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new RestError('BAD_REQUEST', `The body is not JSON: ${(error as Error).message}`, {}, { cause: error })
  }
}
