import {
  type Boundedness,
  ConnectorError,
  FixedSplitEnumerator,
  type Source,
  type SourceReader,
  type SourceReaderContext,
  type SourceSplit,
  type SplitEnumerator,
  type SplitEnumeratorContext,
} from '@millrace/runtime/connector'
import { SocketTextReader } from './socket-text-reader.ts'

/** The connection. */
export interface SocketSplit extends SourceSplit {
  /** Whether there was one before the snapshot that the job starts from. */
  readonly isRepeated?: boolean
}

/** Where {@link SocketTextSource} connects to, and how it reads. */
export interface SocketTextSourceOptions {
  readonly host: string
  readonly port: number
  /** Between records; `\n` by default, which also takes a `\r` before it away. */
  readonly delimiter?: string
  /** How often in a row it is tried again when a connection cannot be made or breaks off; 0 by default. */
  readonly reconnectAttempts?: number
  /** Before the first of these attempts, in milliseconds; twice as long before each further one. 500 by default. */
  readonly reconnectDelayMs?: number
  /** How much may wait in memory before the peer has to, in bytes; 1 MiB by default. */
  readonly bufferBytes?: number
  /** A longer record fails the job. 16 MiB by default. */
  readonly recordBytesMax?: number
}

/**
 * Connects to a TCP server and reads its text, UTF-8, as records. It ends when the peer closes the connection; what
 * came after the last delimiter is the last record then. It runs in one subtask.
 *
 * Nothing can be read twice from a socket. When the job starts from a snapshot, after a failure as well as by hand, it
 * connects again, with a warning in the log, unless the peer had closed the connection before; what was on its way is lost,
 * or comes again if the peer sends it again, so there is no exactly-once from here on. Meant for trying things out.
 *
 * @throws ConnectorError `SOCKET_FAILED`, `RECORD_TOO_LONG`, `INVALID_OPTION`
 *
 * @example
 * import { once } from 'node:events'
 * import { type AddressInfo, createServer } from 'node:net'
 * // By hand: nc -l 9999
 * const server = createServer((socket) => socket.end('one\ntwo\n')).listen(0, '127.0.0.1')
 * await once(server, 'listening')
 * const { port } = server.address() as AddressInfo
 * const job = defineJob('socket', (env) => {
 *   const source = new SocketTextSource({ host: '127.0.0.1', port })
 *   env.fromSource(source, WatermarkStrategy.noWatermarks(), 'Socket').collect('lines')
 * })
 * const result = await runInSimulation(job)
 * server.close()
 * result.collected('lines') // -> ['one', 'two']
 */
export class SocketTextSource implements Source<string, SocketSplit> {
  readonly boundedness: Boundedness = 'continuous-unbounded'
  readonly defaultParallelism: number = 1
  readonly parallelismMax: number = 1
  readonly #options: Required<SocketTextSourceOptions>

  constructor(options: SocketTextSourceOptions) {
    this.#options = {
      delimiter: '\n',
      reconnectAttempts: 0,
      reconnectDelayMs: 500,
      bufferBytes: 1024 * 1024,
      recordBytesMax: 16 * 1024 * 1024,
      ...options,
    }
    checkOptions(this.#options)
  }

  createEnumerator(context: SplitEnumeratorContext<SocketSplit>): SplitEnumerator {
    const { host, port } = this.#options
    return new FixedSplitEnumerator([{ splitId: `${host}:${port}` }], context)
  }

  restoreEnumerator(context: SplitEnumeratorContext<SocketSplit>, state: unknown): SplitEnumerator {
    return FixedSplitEnumerator.restore(state, context)
  }

  createReader(context: SourceReaderContext): SourceReader<string, SocketSplit> {
    return new SocketTextReader(this.#options, context)
  }
}

function checkOptions(options: Required<SocketTextSourceOptions>): void {
  const bounds = {
    port: [1, 65535],
    reconnectAttempts: [0, Number.MAX_SAFE_INTEGER],
    reconnectDelayMs: [0, Number.MAX_SAFE_INTEGER],
    bufferBytes: [1, Number.MAX_SAFE_INTEGER],
    recordBytesMax: [1, Number.MAX_SAFE_INTEGER],
  } as const
  for (const [option, [min, max]] of Object.entries(bounds)) {
    const value = options[option as keyof typeof bounds]
    if (Number.isSafeInteger(value) && value >= min && value <= max) continue
    throw new ConnectorError('INVALID_OPTION', `${option} must be an integer in ${min} .. ${max}; it is ${value}`, {
      option,
      value,
    })
  }
  if (options.delimiter === '') {
    throw new ConnectorError('INVALID_OPTION', 'delimiter must not be empty', { option: 'delimiter', value: '' })
  }
}
