import { crc32 } from 'node:zlib'
import { BLOCK_HEADER_BYTES, type BlockHeader, dataFileHeader, encodeBlockHeader } from './data-file-format.ts'
import { encodeListBlock } from './list-block.ts'
import type {
  KeyedStateHandle,
  ListStateHandle,
  OperatorSubtaskState,
  StateBlock,
  StateLocation,
  SubtaskSnapshot,
} from './snapshot.ts'
import { SnapshotError } from './snapshot-error.ts'
import type { SnapshotStorage } from './snapshot-storage.ts'
import type { KeyedStateBytes, ListStateBytes, OperatorStateBytes } from './state-bytes.ts'

/** Of one subtask, where there is no directory: it travels through the coordinator's memory. */
export const inlineBytesLimit: number = 64 * 1024 * 1024

/** One block of one subtask, on its way to the place where it is kept. */
type PendingBlock = Omit<BlockHeader, 'checksum' | 'length'> & { readonly chunks: readonly Uint8Array[] }

/** Where blocks are put: answers where each has come to lie. */
interface BlockSink {
  add(block: PendingBlock): StateBlock
  /** To be asked once the blocks of a state have been added. */
  takeLocation(): StateLocation
}

export interface SubtaskSnapshotParts {
  /** By position in the chain. */
  readonly operators: readonly OperatorStateBytes[]
  readonly directory: string | undefined
  readonly fileName: string
  readonly inlineBytesMax: number
  readonly storage: SnapshotStorage
}

/**
 * Keeps what one subtask has copied: all in one new file, or within the handles if it is at most `inlineBytesMax` bytes or
 * there is no directory. The copies are released then, whatever became of it. Throws SnapshotError.
 */
export async function writeSubtaskSnapshot(parts: SubtaskSnapshotParts): Promise<SubtaskSnapshot> {
  try {
    return await write(parts)
  } finally {
    for (const { keyed } of parts.operators) keyed?.release?.()
  }
}

async function write(parts: SubtaskSnapshotParts): Promise<SubtaskSnapshot> {
  const { operators, directory, fileName, inlineBytesMax, storage } = parts
  const stateBytes = operators.reduce((sum, operator) => sum + byteCount(operator), 0)
  if (directory === undefined && stateBytes > inlineBytesLimit) throw tooLarge(stateBytes)
  if (directory === undefined || stateBytes <= inlineBytesMax) {
    return { operators: place(operators, () => new InlineSink()), stateBytes }
  }
  const file = new FileSink(fileName)
  const placed = place(operators, () => file)
  await storage.write(`${directory}/${fileName}`, file.chunks)
  return { operators: placed, stateBytes }
}

function place(operators: readonly OperatorStateBytes[], sinkOfState: () => BlockSink): OperatorSubtaskState[] {
  return operators.map(({ keyed, lists }, operatorIndex) => ({
    isFinished: false,
    hasEndedInput: false,
    keyed: keyed && placeKeyed(keyed, operatorIndex, sinkOfState()),
    lists: lists.map((list, number) => placeList(list, operatorIndex, number, sinkOfState())),
  }))
}

function placeKeyed(keyed: KeyedStateBytes, operatorIndex: number, sink: BlockSink): KeyedStateHandle {
  const keyGroups = keyed.keyGroups.map(({ keyGroup, keyCounts, bytes }) => ({
    keyGroup,
    keyCounts,
    ...sink.add({ kind: 'keyed', operatorIndex, number: keyGroup, chunks: [bytes] }),
  }))
  return { location: sink.takeLocation(), states: keyed.states, keyGroups }
}

function placeList(list: ListStateBytes, operatorIndex: number, number: number, sink: BlockSink): ListStateHandle {
  const { name, mode, type, isDeclared, items } = list
  const block = sink.add({ kind: 'list', operatorIndex, number, chunks: encodeListBlock(items) })
  return { name, mode, type, isDeclared, location: sink.takeLocation(), block, itemCount: items.length }
}

/** Chunks of one file: what was copied is not copied again. */
class FileSink implements BlockSink {
  readonly chunks: Uint8Array[]
  readonly #path: string
  #offset: number

  constructor(path: string) {
    const header = dataFileHeader()
    this.#path = path
    this.chunks = [header]
    this.#offset = header.length
  }

  add({ chunks, ...what }: PendingBlock): StateBlock {
    const { length, checksum } = measure(chunks)
    const offset = this.#offset + BLOCK_HEADER_BYTES
    this.chunks.push(encodeBlockHeader({ ...what, length, checksum }), ...chunks)
    this.#offset = offset + length
    return { offset, length, checksum }
  }

  takeLocation(): StateLocation {
    return { kind: 'file', path: this.#path }
  }
}

/** Memory of its own for each state, so that sending one does not send others with it. */
class InlineSink implements BlockSink {
  #chunks: Uint8Array[] = []
  #offset = 0

  add({ chunks }: PendingBlock): StateBlock {
    const { length, checksum } = measure(chunks)
    const offset = this.#offset
    this.#chunks.push(...chunks)
    this.#offset += length
    return { offset, length, checksum }
  }

  takeLocation(): StateLocation {
    const bytes = new Uint8Array(this.#offset)
    let at = 0
    for (const chunk of this.#chunks) {
      bytes.set(chunk, at)
      at += chunk.length
    }
    return { kind: 'inline', bytes }
  }
}

function measure(chunks: readonly Uint8Array[]): { readonly length: number; readonly checksum: number } {
  let length = 0
  let checksum = 0
  for (const chunk of chunks) {
    length += chunk.length
    checksum = crc32(chunk, checksum)
  }
  return { length, checksum }
}

function byteCount({ keyed, lists }: OperatorStateBytes): number {
  let sum = 0
  for (const { bytes } of keyed?.keyGroups ?? []) sum += bytes.length
  for (const { items } of lists) for (const item of items) sum += item.length
  return sum
}

function tooLarge(stateBytes: number): SnapshotError {
  return new SnapshotError(
    'SNAPSHOT_TOO_LARGE',
    `Cannot keep a checkpoint of ${stateBytes} bytes of one subtask in memory: at most ${inlineBytesLimit} fit. Set execution.checkpointing.dir, so that it is kept in files.`,
    { stateBytes, inlineBytesLimit },
  )
}
