import { isAbsolute } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { JobHandle } from '../cluster/job-handle.ts'
import { isTerminal } from '../cluster/job-status.ts'
import type { AsyncOperations } from './async-operations.ts'
import { checkpointsJson } from './checkpoints-json.ts'
import { executionResultJson, jobDetailsJson, jobJson } from './job-json.ts'
import { failureCause, operationReply } from './operation-reply.ts'
import type { RequestBody } from './request-body.ts'
import { RestError } from './rest-error.ts'
import type { Method, Reply, RestRequest, Route } from './route.ts'

export interface JobRoutesParts {
  readonly handle: JobHandle
  readonly operations: AsyncOperations
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Removes a savepoint with all its files. */
  readonly disposeSavepoint: (path: string) => Promise<void>
}

const idPattern = /^[0-9a-f]{32}$/
const parallelismMax = 32_768

/** What a job process serves: the part of Flink's API that the commands need, in its shapes, and `rescaling`. */
export function jobRoutes(parts: JobRoutesParts): readonly Route[] {
  const { handle, operations, now } = parts
  let failure: unknown
  handle.result.then(undefined, (error: unknown) => {
    failure = failureCause(error)
  })

  return [
    route('GET', '/jobs', () => ok({ jobs: [{ id: handle.id, status: handle.status }] })),
    route('GET', '/jobs/overview', () => ok({ jobs: [jobDetailsJson(handle, now())] })),
    jobRoute('GET', '/jobs/:jobId', () => ok(jobJson(handle, now()))),
    jobRoute('PATCH', '/jobs/:jobId', cancel),
    jobRoute('GET', '/jobs/:jobId/status', () => ok({ status: handle.status })),
    jobRoute('GET', '/jobs/:jobId/execution-result', () => ok(executionResultJson(handle, failure))),
    jobRoute('GET', '/jobs/:jobId/checkpoints', () => ok(checkpointsJson(handle.checkpoints()))),
    jobRoute('POST', '/jobs/:jobId/checkpoints', ({ body }) => start(202, 'checkpoint', body, triggerCheckpoint)),
    jobRoute(
      'GET',
      '/jobs/:jobId/checkpoints/:triggerId',
      statusOf('checkpoint', (checkpointId) => ({ checkpointId })),
    ),
    jobRoute('POST', '/jobs/:jobId/savepoints', triggerSavepoint),
    jobRoute('POST', '/jobs/:jobId/stop', stop),
    jobRoute(
      'GET',
      '/jobs/:jobId/savepoints/:triggerId',
      statusOf('savepoint', (location) => ({ location })),
    ),
    jobRoute('PATCH', '/jobs/:jobId/rescaling', rescale),
    jobRoute(
      'GET',
      '/jobs/:jobId/rescaling/:triggerId',
      statusOf('rescaling', (result) => result),
    ),
    route('POST', '/savepoint-disposal', dispose),
    route(
      'GET',
      '/savepoint-disposal/:triggerId',
      statusOf('disposal', () => ({})),
    ),
  ]

  function jobRoute(method: Method, pattern: string, respond: Route['handle']): Route {
    return route(method, pattern, (request) => {
      const { jobId = '' } = request.parameters
      if (!idPattern.test(jobId)) {
        throw new RestError('BAD_REQUEST', `Bad request, could not parse parameters: "${jobId}" is no id of a job`)
      }
      if (jobId !== handle.id) throw new RestError('NOT_FOUND', `Job ${jobId} not found`)
      return respond(request)
    })
  }

  function triggerCheckpoint(): Promise<number> {
    return handle.triggerCheckpoint()
  }

  function triggerSavepoint({ body }: RestRequest): Reply {
    const directory = directoryOf(body, 'target-directory')
    const cancels = booleanOf(body, 'cancel-job')
    return start(202, 'savepoint', body, async () => {
      const path = await handle.triggerSavepoint(directory)
      if (cancels) await handle.cancel()
      return path
    })
  }

  function stop({ body }: RestRequest): Reply {
    const options = { directory: directoryOf(body, 'targetDirectory'), drain: booleanOf(body, 'drain') }
    // Flink asks for its result where it asks for that of a savepoint.
    return start(202, 'savepoint', body, () => handle.stopWithSavepoint(options))
  }

  function cancel({ query }: RestRequest): Reply {
    const mode = query.get('mode') ?? 'cancel'
    if (mode !== 'cancel') throw new RestError('BAD_REQUEST', `The mode "${mode}" is not known: use cancel`)
    // How the job ends is told by its status.
    if (!isTerminal(handle.status)) handle.cancel().catch(() => {})
    return { status: 202, body: {} }
  }

  function rescale({ query, body }: RestRequest): Reply {
    const text = query.get('parallelism') ?? ''
    const parallelism = /^\d{1,5}$/.test(text) ? Number(text) : 0
    if (parallelism < 1 || parallelism > parallelismMax) {
      throw new RestError('BAD_REQUEST', `The parallelism "${text}" is not a whole number from 1 to ${parallelismMax}`)
    }
    return start(202, 'rescaling', body, () => handle.rescale(parallelism))
  }

  function dispose({ body }: RestRequest): Reply {
    const path = directoryOf(body, 'savepoint-path')
    if (path === undefined) throw new RestError('BAD_REQUEST', 'The field "savepoint-path" is missing')
    return start(200, 'disposal', body, () => parts.disposeSavepoint(path))
  }

  function start(status: number, scope: string, body: RequestBody, action: () => Promise<unknown>): Reply {
    return { status, body: { 'request-id': operations.start(scope, triggerIdOf(body), action) } }
  }

  function statusOf(scope: string, describe: (result: unknown) => unknown): Route['handle'] {
    return ({ parameters: { triggerId = '' } }) => {
      const status = operations.status(scope, triggerId)
      if (status !== undefined) return operationReply(status, describe)
      throw new RestError(
        'NOT_FOUND',
        `There is no ${scope} operation with triggerId=${triggerId} for job ${handle.id}.`,
      )
    }
  }
}

function route(method: Method, pattern: string, handle: Route['handle']): Route {
  return { method, pattern, handle }
}

function ok(body: unknown): Reply {
  return { status: 200, body }
}

function booleanOf(body: RequestBody, field: string): boolean {
  const value = body[field] ?? false
  if (typeof value === 'boolean') return value
  throw new RestError('BAD_REQUEST', `The field "${field}" must be true or false`)
}

function triggerIdOf(body: RequestBody): string | undefined {
  const value = body.triggerId ?? undefined
  if (value === undefined) return undefined
  if (typeof value === 'string' && idPattern.test(value)) return value
  throw new RestError('BAD_REQUEST', 'The field "triggerId" must be 32 hex digits')
}

/** An absolute path, or a file URL; the directory of this process means nothing to who asks. */
function directoryOf(body: RequestBody, field: string): string | undefined {
  const value = body[field] ?? undefined
  if (value === undefined) return undefined
  const path = typeof value === 'string' ? pathOf(value) : ''
  if (isAbsolute(path)) return path
  throw new RestError('BAD_REQUEST', `The field "${field}" must be an absolute path, and is ${JSON.stringify(value)}`)
}

function pathOf(text: string): string {
  if (!/^file:/i.test(text)) return text
  try {
    return fileURLToPath(text)
  } catch {
    return ''
  }
}
