import type { FormatContext } from '../../kafka/formats/format-not-ready.ts'
import { SchemaRegistryError } from '../schema-registry-error.ts'
import { readBounded } from './read-bounded.ts'
import type { RegistryServer, RegistrySettings } from './registry-settings.ts'

/** What a server says. Errors have `error_code` and `message`. */
export interface RegistryAnswer {
  readonly status: number
  /** Undefined if the answer was not JSON. */
  readonly body: unknown
  /** Of the server that answered. */
  readonly url: string
}

export interface RegistryRequest {
  readonly method: 'GET' | 'POST'
  /** From the server's URL on, with a slash at its beginning. */
  readonly path: string
  readonly body?: unknown
}

/** Too many requests, and a request that took too long: as failures of the server, they may pass. */
const passingStatuses = new Set([408, 429])

/**
 * Asks servers one after the other, beginning with the one that answered last, until one answers, and in rounds with growing
 * waits until the time is over. Failures of a server (5xx) are no answers; refusals (4xx) are.
 */
export class RegistryConnection {
  readonly #settings: RegistrySettings
  #first = 0

  constructor(settings: RegistrySettings) {
    this.#settings = settings
  }

  /** `what` completes "Cannot ...". @throws SchemaRegistryError `REGISTRY_UNREACHABLE` */
  async ask(what: string, request: RegistryRequest, context: FormatContext): Promise<RegistryAnswer> {
    const { servers, retryTimeoutMs, retryBackoffMs, retryBackoffMaxMs } = this.#settings
    const { clock, logger, signal } = context
    const startedAt = clock.monotonicMs()
    const failures = new Map<string, string>()
    for (let attempt = 0; ; attempt++) {
      const index = (this.#first + attempt) % servers.length
      const server = servers[index]!
      const outcome = await this.#askOne(server, request, context)
      if (typeof outcome === 'object') {
        this.#first = index
        return outcome
      }
      failures.set(server.url, outcome)
      logger.debug(`Cannot ${what} yet, trying again`, { url: server.url, reason: outcome, attempt })
      const isRoundOver = (attempt + 1) % servers.length === 0
      const round = Math.floor(attempt / servers.length)
      const backoffMs = isRoundOver ? Math.min(retryBackoffMs * 2 ** Math.min(round, 20), retryBackoffMaxMs) : 0
      const waitedMs = clock.monotonicMs() - startedAt
      if (waitedMs + backoffMs > retryTimeoutMs) throw unreachable(what, failures, waitedMs)
      if (backoffMs > 0) await sleep(backoffMs, context)
      signal.throwIfAborted()
    }
  }

  /** The answer, or why there is none. */
  async #askOne(
    { url, headers }: RegistryServer,
    { method, path, body }: RegistryRequest,
    { clock, signal }: FormatContext,
  ): Promise<RegistryAnswer | string> {
    const { requestTimeoutMs } = this.#settings
    const timeout = new AbortController()
    const cancel = clock.schedule(requestTimeoutMs, () => timeout.abort())
    try {
      const response = await fetch(url + path, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.any([signal, timeout.signal]),
      })
      const text = await readBounded(response)
      if (response.status >= 500 || passingStatuses.has(response.status)) {
        return `status ${response.status}${messageIn(parsed(text))}`
      }
      return { status: response.status, body: parsed(text), url }
    } catch (error) {
      signal.throwIfAborted()
      if (timeout.signal.aborted) return `no answer within ${requestTimeoutMs} ms`
      return reasonOf(error)
    } finally {
      cancel()
    }
  }
}

function unreachable(what: string, failures: ReadonlyMap<string, string>, waitedMs: number): SchemaRegistryError {
  const seconds = (waitedMs / 1_000).toFixed(1)
  const each = [...failures].map(([url, reason]) => `${url}: ${reason}`).join('; ')
  return new SchemaRegistryError(
    'REGISTRY_UNREACHABLE',
    `Cannot ${what}: no answer from the schema registry in ${seconds} s of trying (${each}). Check that it runs, and its URL.`,
    { urls: [...failures.keys()], waitedMs },
  )
}

/** `: message` if there is one. */
function messageIn(body: unknown): string {
  const message = (body as { readonly message?: unknown } | undefined)?.message
  return typeof message === 'string' ? `: ${message}` : ''
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) ?? undefined
  } catch {
    return undefined
  }
}

/** `fetch failed` says nothing: what is underneath does. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  if (!(cause instanceof Error)) return error.message
  const first = cause instanceof AggregateError ? cause.errors[0] : cause
  return first instanceof Error && first.message !== '' ? first.message : cause.message
}

function sleep(ms: number, { clock, signal }: FormatContext): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      cancel()
      signal.removeEventListener('abort', wake)
      resolve()
    }
    const cancel = clock.schedule(ms, wake)
    signal.addEventListener('abort', wake)
  })
}
