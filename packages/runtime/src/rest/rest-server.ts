import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { messageOf } from '../base/message-of.ts'
import type { JobHandle } from '../cluster/job-handle.ts'
import { AsyncOperations } from './async-operations.ts'
import { jobRoutes } from './job-routes.ts'
import { readRequestBody } from './request-body.ts'
import { RequestGuard } from './request-guard.ts'
import { RestError } from './rest-error.ts'
import { matchRoute, type Reply, type Route } from './route.ts'

export interface RestServerOptions {
  readonly handle: JobHandle
  /** The one wished for; another is taken if it is not free. 0: any. */
  readonly port: number
  readonly token: string
  readonly clock: Clock
  readonly logger: Logger
  readonly disposeSavepoint: (path: string) => Promise<void>
}

/** The only address that is listened on: nobody outside of the machine gets here. */
const loopback = '127.0.0.1'
const connectionsMax = 64
const timeouts = { headersTimeout: 5_000, requestTimeout: 10_000, keepAliveTimeout: 5_000 }
/** What answers that are under way get, when the server closes. */
const closeMs = 1_000

/** The REST API of one job. It does not keep the process alive. */
export class RestServer {
  readonly port: number
  readonly #server: Server
  readonly #operations: AsyncOperations
  readonly #clock: Clock

  private constructor(server: Server, port: number, operations: AsyncOperations, clock: Clock) {
    this.#server = server
    this.port = port
    this.#operations = operations
    this.#clock = clock
  }

  /** Resolves when it listens. */
  static async start(options: RestServerOptions): Promise<RestServer> {
    const { handle, clock, disposeSavepoint, logger, token } = options
    const operations = new AsyncOperations(clock, () => randomBytes(16).toString('hex'))
    const routes = jobRoutes({ handle, operations, now: () => clock.now(), disposeSavepoint })
    const server = createServer({ ...timeouts, connectionsCheckingInterval: 1_000, maxHeaderSize: 8_192 })
    server.maxConnections = connectionsMax
    server.unref()
    server.on('connection', (socket) => socket.unref())
    const port = await listen(server, options.port)
    const guard = new RequestGuard({ port, token })
    // Whatever goes wrong here, the job goes on.
    server.on('error', (error) => logger.warn(`The REST API: ${error.message}`))
    server.on('request', (request, response) => {
      serve(request, response, { routes, guard, logger }).catch((error: unknown) => {
        logger.warn(`The REST API cannot answer: ${String(error)}`)
        response.destroy()
      })
    })
    return new RestServer(server, port, operations, clock)
  }

  /**
   * Stops listening. Waits, but no longer than `lingerMs`, until those who have started an operation have been told how it
   * ended: a job that was stopped has ended before that.
   */
  async close(lingerMs: number): Promise<void> {
    await this.#operations.allTold(lingerMs)
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeIdleConnections()
    const stop = this.#clock.schedule(closeMs, () => this.#server.closeAllConnections())
    await closed
    stop()
  }
}

async function listen(server: Server, wished: number): Promise<number> {
  try {
    return await listenOn(server, wished)
  } catch (error) {
    if (wished === 0 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    return await listenOn(server, 0)
  }
}

async function listenOn(server: Server, port: number): Promise<number> {
  server.listen({ host: loopback, port, exclusive: true })
  // Rejects at an 'error'.
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  parts: { readonly routes: readonly Route[]; readonly guard: RequestGuard; readonly logger: Logger },
): Promise<void> {
  const reply = await replyTo(request, parts)
  const text = JSON.stringify(reply.body, (_key, value: unknown) =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  )
  response.writeHead(reply.status, {
    'content-type': 'application/json; charset=UTF-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(reply.status === 401 && { 'www-authenticate': 'Bearer' }),
    // What was not read to its end cannot be followed by another request.
    ...(!request.complete && { connection: 'close' }),
  })
  response.end(text)
}

async function replyTo(
  request: IncomingMessage,
  { routes, guard, logger }: Parameters<typeof serve>[2],
): Promise<Reply> {
  try {
    guard.check(request.headers)
    const url = new URL(request.url ?? '/', 'http://localhost')
    const { route, parameters } = matchRoute(routes, request.method ?? 'GET', url.pathname)
    const body = await readRequestBody(request)
    return await route.handle({ parameters, query: url.searchParams, body })
  } catch (error) {
    if (error instanceof RestError) return { status: error.status, body: { errors: [error.message] } }
    const message = messageOf(error)
    logger.warn(`${request.method} ${request.url?.split('?')[0]} failed: ${message}`)
    return { status: 500, body: { errors: [message] } }
  }
}
