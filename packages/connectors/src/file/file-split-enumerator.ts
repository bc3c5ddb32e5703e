import { open } from 'node:fs/promises'
import { ConnectorError, type SplitEnumerator, type SplitEnumeratorContext } from '@millrace/runtime/connector'
import { unreadable } from './file-errors.ts'
import { type FileSplit, splitRanges, UNTIL_END } from './file-split.ts'
import { type FoundFile, findFiles } from './find-files.ts'

const MEBIBYTE = 1024 * 1024
/** So that no reader is idle for long while another reads the last split. */
const SPLITS_PER_READER = 8
const HEADER_BYTES_MAX = MEBIBYTE

/** What {@link FileSplitEnumerator} enumerates. */
export interface FileSplitEnumeratorOptions {
  readonly patterns: readonly (string | URL)[]
  readonly isSplittable: boolean
  readonly needsHeader: boolean
  /** Undefined: an eighth of what each reader has to read, between 1 and 16 MiB. */
  readonly splitBytes: number | undefined
}

/** What {@link FileSplitEnumerator} keeps in snapshots. */
export interface FileSplitEnumeratorState {
  /** In the order in which they are to be given out. */
  readonly unassigned: readonly FileSplit[]
}

/** Finds the files, cuts them into splits, and gives these out one at a time, in the order of files and offsets. */
export class FileSplitEnumerator implements SplitEnumerator {
  readonly #options: FileSplitEnumeratorOptions
  readonly #context: SplitEnumeratorContext<FileSplit>
  readonly #restored: FileSplitEnumeratorState | undefined
  #splits: readonly FileSplit[] = []
  #assigned = 0

  /** `restored` is what `snapshotState` answered: then files are not looked for again. */
  constructor(
    options: FileSplitEnumeratorOptions,
    context: SplitEnumeratorContext<FileSplit>,
    restored?: FileSplitEnumeratorState,
  ) {
    this.#options = options
    this.#context = context
    this.#restored = restored
  }

  async start(): Promise<void> {
    if (this.#restored !== undefined) {
      this.#splits = this.#restored.unassigned
      return
    }
    const files = await findFiles(this.#options.patterns)
    const bytes = files.reduce((sum, file) => sum + file.sizeBytes, 0)
    const splitBytes = this.#options.splitBytes ?? defaultSplitBytes(bytes, this.#context.parallelism)
    const splits: FileSplit[] = []
    for (const file of files) splits.push(...(await this.#splitsOf(file, splitBytes)))
    this.#splits = splits
    this.#context.logger.info('found files to read', { files: files.length, bytes, splits: splits.length })
  }

  /** Readers ask for their splits. */
  addReader(): void {}

  handleSplitRequest(subtaskIndex: number): void {
    const split = this.#splits[this.#assigned]
    if (split === undefined) {
      this.#context.signalNoMoreSplits(subtaskIndex)
    } else {
      this.#assigned++
      this.#context.assignSplit(split, subtaskIndex)
    }
  }

  snapshotState(): FileSplitEnumeratorState {
    return { unassigned: this.#splits.slice(this.#assigned) }
  }

  async #splitsOf(file: FoundFile, splitBytes: number): Promise<FileSplit[]> {
    const { path, sizeBytes, isRegular } = file
    // Files that the system makes up while they are read have a size of 0 as well.
    if (!this.#options.isSplittable || !isRegular || sizeBytes === 0 || isPacked(path)) {
      return [{ splitId: path, path, offset: 0, length: UNTIL_END }]
    }
    const ranges = splitRanges(sizeBytes, splitBytes)
    const header = this.#options.needsHeader && ranges.length > 1 ? await readHeader(path) : undefined
    return ranges.map(({ offset, length }) => ({
      splitId: `${path}:${offset}`,
      path,
      offset,
      length,
      ...(header !== undefined && offset > 0 ? { preamble: header } : {}),
    }))
  }
}

/** Whether the file is unpacked while it is read, which can only be done from its start. */
export function isPacked(path: string): boolean {
  return path.endsWith('.gz')
}

function defaultSplitBytes(bytes: number, parallelism: number): number {
  return Math.min(16 * MEBIBYTE, Math.max(MEBIBYTE, Math.ceil(bytes / (parallelism * SPLITS_PER_READER))))
}

async function readHeader(path: string): Promise<string> {
  const buffer = Buffer.alloc(HEADER_BYTES_MAX)
  let length = 0
  try {
    await using file = await open(path, 'r')
    // One read nearly always suffices; the file is longer than its header.
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, Math.min(64 * 1024, buffer.length - length), length)
      length += bytesRead
      const end = buffer.subarray(0, length).indexOf('\n')
      // A file whose first line has no end is a header, and has no records.
      const isWhole = end >= 0 || (bytesRead === 0 && length < buffer.length)
      if (isWhole) return new TextDecoder().decode(buffer.subarray(0, end >= 0 ? end : length)).replace(/\r$/, '')
      if (bytesRead === 0) break
    }
  } catch (error) {
    throw unreadable(path, error)
  }
  throw new ConnectorError(
    'INVALID_CSV_HEADER',
    `Cannot take the names of fields from the first line of "${path}": it has no end within ${HEADER_BYTES_MAX} bytes. ` +
      'Pass the names as header.',
    { path, headerBytesMax: HEADER_BYTES_MAX },
  )
}
