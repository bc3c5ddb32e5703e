import { crc32 } from 'node:zlib'
import { assert } from '../base/assert.ts'
import {
  BLOCK_HEADER_BYTES,
  type BlockHeader,
  checkDataFileHeader,
  corruptBlock,
  decodeBlockHeader,
  FILE_HEADER_BYTES,
} from './data-file-format.ts'
import { decodeListBlock } from './list-block.ts'
import type { KeyedStateHandle, ListShare, StateBlock, StateLocation } from './snapshot.ts'
import type { SnapshotStorage } from './snapshot-storage.ts'

/** Blocks that lie next to each other are read at once, up to so many bytes. A larger block is read by itself. */
const windowBytesMax = 4 * 1024 * 1024
/** Between two blocks that are read at once: what is read in vain. */
const gapBytesMax = 64 * 1024

export interface BlockReaders {
  /** The bytes of one key group, verified. Quickest if called by ascending index. */
  readonly readBlock: (handle: KeyedStateHandle, index: number) => Promise<Uint8Array>
  /** The items of a share; the checksum of their block is verified. */
  readonly readItems: (share: ListShare) => Promise<readonly Uint8Array[]>
}

/** A part of a file. */
interface Window {
  readonly file: string
  readonly start: number
  readonly bytes: Uint8Array
}

/**
 * Reads blocks of one snapshot. Nothing that was not verified is answered: what is damaged throws SnapshotError
 * `SNAPSHOT_CORRUPT` with file, block and offset. What is answered is a view, for its reader only until the next block.
 * `directory` is that of the metadata; undefined if no location is a file.
 */
export function createBlockReaders(storage: SnapshotStorage, directory: string | undefined): BlockReaders {
  const files = new DataFiles(storage, directory)
  return {
    readBlock: async ({ location, keyGroups }, index) => {
      const block = keyGroups[index]
      assert(block !== undefined, () => `a handle has no block ${index}: it has ${keyGroups.length}`)
      const name = `key group ${block.keyGroup}`
      if (location.kind === 'inline') return inlineBlock(location.bytes, block, name)
      const isOurs = (header: BlockHeader) => header.kind === 'keyed' && header.number === block.keyGroup
      return files.read(location.path, block, { name, isOurs, windowEnd: () => windowEnd(keyGroups, index) })
    },
    readItems: async ({ handle, first, step }) => {
      const { location, block, itemCount } = handle
      const name = `list state "${handle.name}"`
      const bytes =
        location.kind === 'inline'
          ? inlineBlock(location.bytes, block, name)
          : await files.read(location.path, block, {
              name,
              isOurs: ({ kind }) => kind === 'list',
              windowEnd: () => block.offset + block.length,
            })
      const items = decodeListBlock(bytes, itemCount, first, step)
      if (items === undefined)
        throw corruptBlock(fileOf(location, directory), name, block.offset, `it does not hold ${itemCount} items`)
      return items
    },
  }
}

/** Where to stop reading when block `index` is read with those after it. */
function windowEnd(blocks: readonly StateBlock[], index: number): number {
  const { offset } = blocks[index]!
  let end = offset + blocks[index]!.length
  for (let i = index + 1; i < blocks.length; i++) {
    const next = blocks[i]!
    const nextEnd = next.offset + next.length
    if (next.offset < end || next.offset - end > gapBytesMax || nextEnd - offset > windowBytesMax) break
    end = nextEnd
  }
  return end
}

function inlineBlock(bytes: Uint8Array, block: StateBlock, name: string): Uint8Array {
  const { offset, length } = block
  if (offset + length > bytes.length)
    throw corruptBlock('_metadata', name, offset, `it is cut off after ${bytes.length} bytes`)
  const view = bytes.subarray(offset, offset + length)
  verify(view, block, '_metadata', name)
  return view
}

function verify(bytes: Uint8Array, { offset, checksum }: StateBlock, file: string, name: string): void {
  if (crc32(bytes) !== checksum) throw corruptBlock(file, name, offset, 'its checksum differs')
}

function fileOf(location: StateLocation, directory: string | undefined): string {
  return location.kind === 'inline' ? '_metadata' : `${directory}/${location.path}`
}

class DataFiles {
  readonly #storage: SnapshotStorage
  readonly #directory: string | undefined
  /** By path: the size of a file whose header has been checked. */
  readonly #sizes = new Map<string, Promise<number>>()
  #window: Window | undefined

  constructor(storage: SnapshotStorage, directory: string | undefined) {
    this.#storage = storage
    this.#directory = directory
  }

  async read(
    path: string,
    block: StateBlock,
    options: {
      readonly name: string
      readonly isOurs: (header: BlockHeader) => boolean
      readonly windowEnd: () => number
    },
  ): Promise<Uint8Array> {
    const { name, isOurs } = options
    assert(this.#directory !== undefined, () => `the state of ${path} is in a file, and no directory is known`)
    const file = `${this.#directory}/${path}`
    const { offset, length, checksum } = block
    const start = offset - BLOCK_HEADER_BYTES
    const window = await this.#windowOf(file, start, offset + length, options)
    const at = start - window.start
    const header = decodeBlockHeader(window.bytes.subarray(at, at + BLOCK_HEADER_BYTES))
    if (header === undefined) throw corruptBlock(file, name, start, 'there is no block')
    if (!isOurs(header) || header.length !== length || header.checksum !== checksum) {
      throw corruptBlock(file, name, start, 'there is another block')
    }
    const bytes = window.bytes.subarray(at + BLOCK_HEADER_BYTES, at + BLOCK_HEADER_BYTES + length)
    verify(bytes, block, file, name)
    return bytes
  }

  async #windowOf(
    file: string,
    start: number,
    end: number,
    { name, windowEnd }: { readonly name: string; readonly windowEnd: () => number },
  ): Promise<Window> {
    const window = this.#window
    if (window?.file === file && window.start <= start && end <= window.start + window.bytes.length) return window
    // Asked before anything is allocated: a damaged length must not ask for more than there is.
    const size = await this.#sizeOf(file)
    if (start < FILE_HEADER_BYTES || end > size) {
      throw corruptBlock(file, name, start, `the file ends at ${size}, the block at ${end}`)
    }
    const to = Math.min(windowEnd(), size)
    const bytes = await this.#storage.read(file, start, to - start)
    const read = { file, start, bytes }
    this.#window = read
    return read
  }

  #sizeOf(file: string): Promise<number> {
    let size = this.#sizes.get(file)
    if (size === undefined) {
      size = this.#open(file)
      this.#sizes.set(file, size)
    }
    return size
  }

  async #open(file: string): Promise<number> {
    const size = await this.#storage.sizeOf(file)
    if (size === undefined) throw corruptBlock(file, 'file header', 0, 'the file is missing')
    checkDataFileHeader(await this.#storage.read(file, 0, Math.min(size, FILE_HEADER_BYTES)), file)
    return size
  }
}
