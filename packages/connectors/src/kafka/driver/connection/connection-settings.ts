import type { KafkaConnectionOptions } from '../connection-options.ts'
import { KafkaError } from '../kafka-error.ts'
import type { ConnectionSettings } from './broker-connection.ts'

export interface ServerAddress {
  readonly host: string
  readonly port: number
}

export function connectionSettings(options: KafkaConnectionOptions): ConnectionSettings {
  const settings: ConnectionSettings = {
    ...options,
    clientId: options.clientId ?? 'millrace',
    connectionTimeoutMs: options.connectionTimeoutMs ?? 10_000,
    requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
    retryTimeoutMs: options.retryTimeoutMs ?? 60_000,
    retryBackoffMs: options.retryBackoffMs ?? 50,
    retryBackoffMaxMs: options.retryBackoffMaxMs ?? 1_000,
  }
  for (const option of [
    'connectionTimeoutMs',
    'requestTimeoutMs',
    'retryTimeoutMs',
    'retryBackoffMs',
    'retryBackoffMaxMs',
  ] as const) {
    const value = settings[option]
    if (!Number.isSafeInteger(value) || value < 1)
      throw invalid(option, value, 'it must be a number of milliseconds, at least 1')
  }
  if (options.bootstrapServers.length === 0)
    throw invalid('bootstrapServers', [], 'at least one broker is needed, as "host:port"')
  for (const server of options.bootstrapServers) serverAddress(server)
  return settings
}

/** `host:port`, `[::1]:9092`. */
export function serverAddress(server: string): ServerAddress {
  const match = /^(?:\[([^\]]+)\]|([^:\s/]+)):(\d{1,5})$/.exec(server.trim())
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (host === undefined || port < 1 || port > 65_535) {
    throw invalid('bootstrapServers', server, 'each must be "host:port", as "localhost:9092"')
  }
  return { host, port }
}

function invalid(option: string, value: unknown, rule: string): KafkaError {
  return new KafkaError('INVALID_OPTION', `Cannot use ${option} ${JSON.stringify(value)}: ${rule}.`, { option, value })
}
