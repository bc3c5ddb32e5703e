import type { RequestBody } from './request-body.ts'
import { RestError } from './rest-error.ts'

export type Method = 'GET' | 'POST' | 'PATCH'

export interface RestRequest {
  /** What stands in the path where the pattern has `:name`. */
  readonly parameters: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly body: RequestBody
}

export interface Reply {
  readonly status: number
  readonly body: unknown
}

export interface Route {
  readonly method: Method
  /** `/jobs/:jobId/status` */
  readonly pattern: string
  /** @throws RestError */
  readonly handle: (request: RestRequest) => Reply | Promise<Reply>
}

export interface RouteMatch {
  readonly route: Route
  readonly parameters: Readonly<Record<string, string>>
}

/**
 * Every route is served bare and under `/v1`.
 *
 * @throws RestError `NOT_FOUND` or `METHOD_NOT_ALLOWED`.
 */
export function matchRoute(routes: readonly Route[], method: string, path: string): RouteMatch {
  const words = path.replace(/^\/v1(?=\/)/, '').split('/')
  let methods = ''
  for (const route of routes) {
    const parameters = parametersOf(route.pattern.split('/'), words)
    if (parameters === undefined) continue
    if (route.method === method) return { route, parameters }
    methods = methods === '' ? route.method : `${methods}, ${route.method}`
  }
  if (methods !== '')
    throw new RestError('METHOD_NOT_ALLOWED', `${path} can be asked for by ${methods}, not by ${method}`)
  throw new RestError('NOT_FOUND', `Unable to load requested file ${path}.`)
}

function parametersOf(pattern: readonly string[], words: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== words.length) return undefined
  const parameters: Record<string, string> = {}
  for (const [i, part] of pattern.entries()) {
    const word = words[i]!
    if (part.startsWith(':')) parameters[part.slice(1)] = word
    else if (part !== word) return undefined
  }
  return parameters
}
