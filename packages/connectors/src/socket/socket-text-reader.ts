import { connect, type Socket } from 'node:net'
import {
  ConnectorError,
  type InputStatus,
  type ReaderOutput,
  type SourceReader,
  type SourceReaderContext,
} from '@millrace/runtime/connector'
import { RecordCutter } from './record-cutter.ts'
import type { SocketSplit, SocketTextSourceOptions } from './socket-text-source.ts'

/** The wait before the second attempt to reconnect is twice as long, and so on, up to this. */
const RECONNECT_DELAY_MS_MAX = 30_000

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there. Start the server first; for a try, "nc -lk <port>" is one',
  ENOTFOUND: 'there is no host of that name',
  ETIMEDOUT: 'it does not answer. Check the host, and firewalls in between',
  ECONNRESET: 'the peer broke the connection off',
}

/** Reads the text that one connection brings. The socket is paused while the buffer is full. */
export class SocketTextReader implements SourceReader<string, SocketSplit> {
  readonly #options: Required<SocketTextSourceOptions>
  readonly #context: SourceReaderContext
  readonly #cutter: RecordCutter
  #decoder = new TextDecoder()
  #socket: Socket | undefined
  #state: 'unassigned' | 'connecting' | 'connected' | 'waiting' | 'ended' | 'failed' = 'unassigned'
  /** Attempts since the last connection. */
  #failedAttempts = 0
  #failure: ConnectorError | undefined
  #hasAllSplits = false
  #cancelReconnect: () => void = () => {}
  #available: PromiseWithResolvers<void> | undefined

  constructor(options: Required<SocketTextSourceOptions>, context: SourceReaderContext) {
    this.#options = options
    this.#context = context
    this.#cutter = new RecordCutter(options.delimiter)
  }

  addSplits(splits: readonly SocketSplit[]): void {
    if (splits[0]?.isRepeated === true) {
      const { host, port } = this.#options
      this.#context.logger.warn(
        'A socket cannot be read again from where the snapshot left it: records may be missing or come twice',
        { host, port },
      )
    }
    this.#connect()
  }

  notifyNoMoreSplits(): void {
    this.#hasAllSplits = true
    this.#wake()
  }

  pollNext(output: ReaderOutput<string>): InputStatus {
    if (this.#state === 'unassigned') return this.#hasAllSplits ? 'end-of-input' : 'nothing-available'
    if (!this.#cutter.emit(output)) return 'more-available'
    if (this.#cutter.unfinishedChars > this.#options.recordBytesMax) throw this.#recordTooLong()
    switch (this.#state) {
      case 'failed':
        throw this.#failure
      case 'ended': {
        const rest = this.#cutter.takeRest()
        if (rest !== '') output.collect(rest)
        return 'end-of-input'
      }
      default:
        this.#socket?.resume()
        return 'nothing-available'
    }
  }

  isAvailable(): Promise<void> {
    if (this.#isWorthPolling()) return Promise.resolve()
    this.#available ??= Promise.withResolvers<void>()
    return this.#available.promise
  }

  snapshotState(): readonly SocketSplit[] {
    const hasEnded = this.#state === 'ended' && this.#cutter.bufferedChars === 0
    if (this.#state === 'unassigned' || hasEnded) return []
    return [{ splitId: `${this.#options.host}:${this.#options.port}`, isRepeated: true }]
  }

  async close(): Promise<void> {
    this.#cancelReconnect()
    this.#state = 'ended'
    const socket = this.#socket
    if (socket === undefined || socket.closed) return
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve())
      socket.destroy()
    })
  }

  #isWorthPolling(): boolean {
    if (this.#state === 'unassigned') return this.#hasAllSplits
    if (this.#state === 'ended' || this.#state === 'failed') return true
    return this.#cutter.bufferedChars > this.#cutter.unfinishedChars
  }

  #connect(): void {
    const { host, port, bufferBytes } = this.#options
    this.#state = 'connecting'
    this.#decoder = new TextDecoder()
    const socket = connect({ host, port })
    this.#socket = socket
    socket.on('connect', () => {
      this.#state = 'connected'
      this.#failedAttempts = 0
      this.#context.logger.info('connected to the socket', { host, port })
    })
    socket.on('data', (chunk) => {
      this.#cutter.put(this.#decoder.decode(chunk, { stream: true }))
      if (this.#cutter.bufferedChars >= bufferBytes) socket.pause()
      this.#wake()
    })
    socket.on('end', () => {
      this.#cutter.put(this.#decoder.decode())
      this.#state = 'ended'
      this.#wake()
    })
    socket.on('error', (error) => this.#onFailure(error))
  }

  #onFailure(cause: Error): void {
    // After the orderly end, or after close, nobody cares.
    if (this.#state !== 'connecting' && this.#state !== 'connected') return
    const { host, port, reconnectAttempts, reconnectDelayMs } = this.#options
    if (this.#failedAttempts >= reconnectAttempts) {
      this.#failure = this.#disconnected(cause)
      this.#state = 'failed'
      this.#wake()
      return
    }
    // The other half of a record will not come with another connection.
    this.#cutter.dropUnfinished()
    const delayMs = Math.min(RECONNECT_DELAY_MS_MAX, reconnectDelayMs * 2 ** this.#failedAttempts)
    this.#failedAttempts++
    this.#state = 'waiting'
    this.#context.logger.warn('lost the socket, connecting again', { host, port, delayMs, reason: cause.message })
    this.#cancelReconnect = this.#context.clock.schedule(delayMs, () => this.#connect())
  }

  #disconnected(cause: Error): ConnectorError {
    const { host, port, reconnectAttempts } = this.#options
    const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
    const attempts = reconnectAttempts === 0 ? '' : `, after ${reconnectAttempts} attempts to connect again`
    return new ConnectorError(
      'SOCKET_FAILED',
      `Cannot read from ${host}:${port}${attempts}: ${reasons[code] ?? cause.message}. (${code})`,
      { host, port, reconnectAttempts, systemCode: code },
      { cause },
    )
  }

  #recordTooLong(): ConnectorError {
    const { host, port, recordBytesMax, delimiter } = this.#options
    return new ConnectorError(
      'RECORD_TOO_LONG',
      `Cannot read from ${host}:${port}: ${this.#cutter.unfinishedChars} characters have come without the delimiter ` +
        `${JSON.stringify(delimiter)}. Check the delimiter, or raise recordBytesMax (${recordBytesMax}).`,
      { host, port, recordBytesMax, delimiter },
    )
  }

  #wake(): void {
    this.#available?.resolve()
    this.#available = undefined
  }
}
