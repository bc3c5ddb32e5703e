import { SchemaRegistryError } from '../schema-registry-error.ts'
import type { RegistryAuth, SchemaRegistryOptions } from '../schema-registry-options.ts'

/** Checked, with defaults. */
export interface RegistrySettings {
  readonly servers: readonly RegistryServer[]
  readonly requestTimeoutMs: number
  readonly retryTimeoutMs: number
  readonly retryBackoffMs: number
  readonly retryBackoffMaxMs: number
  readonly schemasMax: number
}

/** One URL of the registry: without a user in it, and without a slash at its end. */
export interface RegistryServer {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

const contentType = 'application/vnd.schemaregistry.v1+json'

/** @throws SchemaRegistryError `INVALID_OPTION` */
export function registrySettings(registry: string | SchemaRegistryOptions): RegistrySettings {
  const options: SchemaRegistryOptions = typeof registry === 'string' ? { url: registry } : registry
  return {
    servers: serversOf(options),
    requestTimeoutMs: positive('requestTimeoutMs', options.requestTimeoutMs ?? 10_000),
    retryTimeoutMs: positive('retryTimeoutMs', options.retryTimeoutMs ?? 30_000),
    retryBackoffMs: positive('retryBackoffMs', options.retryBackoffMs ?? 100),
    retryBackoffMaxMs: positive('retryBackoffMaxMs', options.retryBackoffMaxMs ?? 5_000),
    schemasMax: positive('schemasMax', options.schemasMax ?? 1_000),
  }
}

function serversOf({ url, auth, headers = {} }: SchemaRegistryOptions): readonly RegistryServer[] {
  const urls = (typeof url === 'string' ? url.split(',') : url).map((each) => each.trim()).filter((each) => each !== '')
  if (urls.length === 0) throw invalid('url', 'at least one is needed, as "http://localhost:8081"')
  return urls.map((text) => serverOf(text, auth, headers))
}

function serverOf(
  text: string,
  auth: RegistryAuth | undefined,
  headers: Readonly<Record<string, string>>,
): RegistryServer {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    // What is no URL may still have a password in it.
    throw invalid('url', `${JSON.stringify(text.replace(/\/\/[^/]*@/, '//'))} is no URL as "http://localhost:8081" is`)
  }
  const { username, password } = url
  const user =
    username === '' ? undefined : { username: decodeURIComponent(username), password: decodeURIComponent(password) }
  const authorization = authorizationOf(auth ?? user)
  url.username = ''
  url.password = ''
  return {
    url: url.href.replace(/\/+$/, ''),
    headers: {
      accept: `${contentType}, application/json`,
      'content-type': contentType,
      ...(authorization === undefined ? {} : { authorization }),
      ...headers,
    },
  }
}

function authorizationOf(auth: RegistryAuth | undefined): string | undefined {
  if (auth === undefined) return undefined
  if ('bearerToken' in auth) return `Bearer ${auth.bearerToken}`
  return `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}`
}

function positive(option: string, value: number): number {
  if (Number.isFinite(value) && value > 0) return value
  throw invalid(option, `${value} is no positive number`)
}

function invalid(option: string, reason: string): SchemaRegistryError {
  return new SchemaRegistryError(
    'INVALID_OPTION',
    `Cannot use a schema registry: ${option}: ${reason}.`,
    { option },
    { isLasting: true },
  )
}
