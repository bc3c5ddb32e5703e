import { type IncomingMessage, request } from 'node:http'
import type { Clock } from '../base/clock.ts'
import { messageOf } from '../base/message-of.ts'
import { CommandError } from './command-error.ts'
import { RemoteError } from './remote-error.ts'

export interface JobAddress {
  readonly host: string
  readonly port: number
  readonly token: string
}

type Json = Readonly<Record<string, unknown>>

const answerMs = 10_000
const answerBytesMax = 16 * 2 ** 20
const firstPollMs = 20
const slowestPollMs = 500

/** Speaks with the process of a job by its REST API. */
export class JobClient {
  readonly #address: JobAddress
  readonly #clock: Clock

  constructor(address: JobAddress, clock: Clock) {
    this.#address = address
    this.#clock = clock
  }

  /** @throws CommandError `JOB_UNREACHABLE` or `REQUEST_REFUSED`. */
  get(path: string): Promise<Json> {
    return this.#ask('GET', path)
  }

  /** The same. */
  post(path: string, body: Json): Promise<Json> {
    return this.#ask('POST', path, body)
  }

  /** The same. */
  patch(path: string): Promise<Json> {
    return this.#ask('PATCH', path, {})
  }

  /**
   * Waits until the operation has ended that `triggered` answers the id of. How long it may take is for the job to say;
   * we wait as long as the job answers.
   *
   * @param statusPath - where its status is, without the id.
   * @throws RemoteError if it failed.
   */
  async operation(triggered: Promise<Json>, statusPath: string): Promise<Json> {
    const { 'request-id': id } = await triggered
    for (let pauseMs = firstPollMs; ; pauseMs = Math.min(slowestPollMs, pauseMs * 2)) {
      const { status, operation } = await this.get(`${statusPath}/${String(id)}`)
      if ((status as Json | undefined)?.id === 'COMPLETED') return resultOf(operation as Json)
      await this.pause(pauseMs)
    }
  }

  pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.schedule(delayMs, resolve)
    })
  }

  async #ask(method: string, path: string, body?: Json): Promise<Json> {
    const { host, port } = this.#address
    const { status, text } = await this.#exchange(method, path, body)
    const json = parsed(text)
    if (json === undefined) {
      throw new CommandError('REQUEST_REFUSED', `What listens at ${host}:${port} is no job of Millrace: HTTP ${status}`)
    }
    if (status >= 200 && status < 300) return json
    const [message = `HTTP ${status}`] = (json.errors as readonly string[] | undefined) ?? []
    if (status === 401) {
      throw new CommandError(
        'REQUEST_REFUSED',
        `The job at ${host}:${port} refuses the token. Give its own by --token or MILLRACE_TOKEN.`,
      )
    }
    throw new CommandError('REQUEST_REFUSED', `The job at ${host}:${port} refuses: ${message}`, { status })
  }

  #exchange(method: string, path: string, body: Json | undefined): Promise<{ status: number; text: string }> {
    const { host, port, token } = this.#address
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>()
    const failed = (cause: unknown): void => {
      const reason = messageOf(cause)
      const message = `Cannot reach the job at ${host}:${port}: ${reason}`
      const hint = 'millrace list shows whether it runs'
      reject(new CommandError('JOB_UNREACHABLE', message, { host, port, hint }, { cause }))
    }
    const asked = request({
      host,
      port,
      method,
      path: `/v1${path}`,
      agent: false,
      timeout: answerMs,
      headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    })
    asked.on('timeout', () => asked.destroy(new Error(`no answer within ${answerMs / 1_000} s`)))
    asked.on('error', failed)
    asked.on('response', (response) => {
      readText(response).then((text) => resolve({ status: response.statusCode ?? 0, text }), failed)
    })
    asked.end(body === undefined ? undefined : JSON.stringify(body))
    return promise
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > answerBytesMax) throw new Error(`its answer is larger than ${answerBytesMax} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parsed(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Json) : undefined
  } catch {
    return undefined
  }
}

function resultOf(operation: Json): Json {
  const failure = RemoteError.from(operation['failure-cause'])
  if (failure !== undefined) throw failure
  return operation
}
