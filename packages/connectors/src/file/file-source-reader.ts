import type { InputStatus, ReaderOutput, SourceReader, SourceReaderContext } from '@millrace/runtime/connector'
import type { ByteChunks } from './byte-chunks.ts'
import { FileChunks } from './file-chunks.ts'
import type { FileFormat } from './file-format.ts'
import { type FileSplit, restOf, UNTIL_END } from './file-split.ts'
import { isPacked } from './file-split-enumerator.ts'
import { GunzipChunks } from './gunzip-chunks.ts'
import { LineRange } from './line-range.ts'
import type { SplitRecords } from './split-records.ts'

/** Chunks this large keep the reading thread busy for about a millisecond, which is also how often it looks up. */
const CHUNK_BYTES = 512 * 1024
/** One is being read, the next one is being opened. */
const OPEN_MAX = 2

interface OpenSplit<T> {
  readonly split: FileSplit
  readonly chunks: ByteChunks
  readonly records: SplitRecords<T>
}

/** Reads the splits it is given, one after the other; the next one is asked for and opened while one is being read. */
export class FileSourceReader<T> implements SourceReader<T, FileSplit> {
  readonly #format: FileFormat<T>
  readonly #context: SourceReaderContext
  /** The first one is the current one. */
  readonly #open: OpenSplit<T>[] = []
  readonly #waiting: FileSplit[] = []
  readonly #closing = new Set<Promise<void>>()
  #isStarted = false
  #hasRequested = false
  #hasAllSplits = false
  /** How far the end of the current split's bytes has come through its records. */
  #finishing: 'not-yet' | 'running' | 'done' = 'not-yet'
  #failure: unknown
  #available: PromiseWithResolvers<void> | undefined

  constructor(format: FileFormat<T>, context: SourceReaderContext) {
    this.#format = format
    this.#context = context
  }

  start(): void {
    this.#isStarted = true
    if (this.#open.length < OPEN_MAX) this.#requestSplit()
  }

  addSplits(splits: readonly FileSplit[]): void {
    this.#hasRequested = false
    this.#waiting.push(...splits)
    this.#openWaiting()
    this.#wake()
  }

  notifyNoMoreSplits(): void {
    this.#hasAllSplits = true
    this.#wake()
  }

  pollNext(output: ReaderOutput<T>): InputStatus {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure
      const current = this.#open[0]
      if (current === undefined) return this.#hasAllSplits ? 'end-of-input' : 'nothing-available'
      if (this.#finishing === 'running') return 'nothing-available'
      switch (current.records.emit(output)) {
        case 'output-full':
          return 'more-available'
        case 'needs-bytes': {
          const chunk = current.chunks.take()
          if (chunk === 'pending') return 'nothing-available'
          if (chunk === 'end') this.#finish(current)
          else current.records.feed(chunk)
          break
        }
        case 'has-all-bytes':
          this.#finish(current)
          break
        case 'end':
          this.#closeCurrent(current)
      }
    }
  }

  snapshotState(): readonly FileSplit[] {
    const [current, next] = this.#open
    const rest = current === undefined ? undefined : restOf(current.split, current.records.position())
    return [...(rest === undefined ? [] : [rest]), ...(next === undefined ? [] : [next.split]), ...this.#waiting]
  }

  isAvailable(): Promise<void> {
    if (this.#isWorthPolling()) return Promise.resolve()
    this.#available ??= Promise.withResolvers<void>()
    return this.#available.promise
  }

  async close(): Promise<void> {
    for (const { chunks } of this.#open.splice(0)) this.#close(chunks)
    await Promise.all(this.#closing)
  }

  #isWorthPolling(): boolean {
    if (this.#failure !== undefined) return true
    const current = this.#open[0]
    if (current === undefined) return this.#hasAllSplits
    if (this.#finishing !== 'not-yet') return this.#finishing === 'done'
    return current.chunks.isReady()
  }

  #finish({ records }: OpenSplit<T>): void {
    const finishing = records.endOfBytes()
    if (finishing === undefined) return
    this.#finishing = 'running'
    finishing
      .catch((error: unknown) => {
        this.#failure = error
      })
      .finally(() => {
        this.#finishing = 'done'
        this.#wake()
      })
  }

  #closeCurrent({ chunks, split }: OpenSplit<T>): void {
    this.#context.logger.debug('read a split', { splitId: split.splitId })
    this.#open.shift()
    this.#finishing = 'not-yet'
    this.#close(chunks)
    this.#openWaiting()
  }

  #openWaiting(): void {
    while (this.#open.length < OPEN_MAX) {
      const split = this.#waiting.shift()
      if (split === undefined) break
      this.#open.push({
        split,
        chunks: this.#openChunks(split),
        records: this.#format.createRecords(split, this.#context.metrics),
      })
    }
    if (this.#open.length < OPEN_MAX) this.#requestSplit()
  }

  #openChunks({ path, offset, length }: FileSplit): ByteChunks {
    const onProgress = () => this.#wake()
    const readFrom = LineRange.readFrom(offset)
    if (isPacked(path))
      return new GunzipChunks({ path, offset: readFrom, splitOffset: offset, chunkBytes: CHUNK_BYTES, onProgress })
    const limit = length === UNTIL_END ? UNTIL_END : offset + length
    return new FileChunks({ path, offset: readFrom, splitOffset: offset, limit, chunkBytes: CHUNK_BYTES, onProgress })
  }

  #close(chunks: ByteChunks): void {
    // Everything of the split has been read by now, or nobody wants it any more.
    const closing = chunks.close().catch(() => {})
    this.#closing.add(closing)
    void closing.then(() => this.#closing.delete(closing))
  }

  #requestSplit(): void {
    // Splits of a snapshot come before the start, when the enumerator does not know of the reader yet.
    if (!this.#isStarted || this.#hasRequested || this.#hasAllSplits) return
    this.#hasRequested = true
    this.#context.sendSplitRequest()
  }

  #wake(): void {
    this.#available?.resolve()
    this.#available = undefined
  }
}
