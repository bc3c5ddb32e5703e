import { crc32 } from 'node:zlib'
import { SnapshotError } from './snapshot-error.ts'

// What a data file consists of: a header, then blocks, each with a header of its own, so that damage can be located without
// the metadata. Numbers are little-endian. docs/savepoint-format.md is the specification.

export const DATA_FILE_VERSION = 1
export const FILE_HEADER_BYTES = 16
export const BLOCK_HEADER_BYTES = 32

const FILE_MAGIC = 'MILLDATA'
const BLOCK_MAGIC = 'BLCK'
const blockKinds = ['keyed', 'list'] as const

/** What stands before each block's bytes. */
export interface BlockHeader {
  readonly kind: (typeof blockKinds)[number]
  /** Position of the operator in its chain. */
  readonly operatorIndex: number
  /** The key group of a keyed block; position among the operator's lists of a list block. */
  readonly number: number
  readonly length: number
  /** CRC-32 of the block's bytes. */
  readonly checksum: number
}

/** The header of the file: magic, version, and a checksum of both. */
export function dataFileHeader(): Uint8Array {
  const header = Buffer.alloc(FILE_HEADER_BYTES)
  header.write(FILE_MAGIC, 0, 'latin1')
  header.writeUInt32LE(DATA_FILE_VERSION, 8)
  header.writeUInt32LE(crc32(header.subarray(0, 12)), 12)
  return header
}

/** Throws SnapshotError unless a file that starts with these bytes is a data file that this version can read. */
export function checkDataFileHeader(bytes: Uint8Array, file: string): void {
  const header = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (header.length < FILE_HEADER_BYTES) {
    throw corruptBlock(file, 'file header', 0, `it has ${header.length} bytes of ${FILE_HEADER_BYTES}`)
  }
  if (header.toString('latin1', 0, 8) !== FILE_MAGIC) {
    throw foreignFile(file, 'it is not a data file of a snapshot of Millrace')
  }
  if (header.readUInt32LE(12) !== crc32(header.subarray(0, 12))) {
    throw corruptBlock(file, 'file header', 0, 'its checksum differs')
  }
  const version = header.readUInt32LE(8)
  if (version === DATA_FILE_VERSION) return
  throw foreignFile(file, `its format has version ${version}, and this Millrace reads version ${DATA_FILE_VERSION}`)
}

export function encodeBlockHeader({ kind, operatorIndex, number, length, checksum }: BlockHeader): Uint8Array {
  const header = Buffer.alloc(BLOCK_HEADER_BYTES)
  header.write(BLOCK_MAGIC, 0, 'latin1')
  header.writeUInt32LE(blockKinds.indexOf(kind), 4)
  header.writeUInt32LE(operatorIndex, 8)
  header.writeUInt32LE(number, 12)
  header.writeBigUInt64LE(BigInt(length), 16)
  header.writeUInt32LE(checksum, 24)
  header.writeUInt32LE(crc32(header.subarray(0, 28)), 28)
  return header
}

/** Undefined if no block starts with these bytes. */
export function decodeBlockHeader(bytes: Uint8Array): BlockHeader | undefined {
  const header = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (header.length < BLOCK_HEADER_BYTES || header.toString('latin1', 0, 4) !== BLOCK_MAGIC) return undefined
  if (header.readUInt32LE(28) !== crc32(header.subarray(0, 28))) return undefined
  const kind = blockKinds[header.readUInt32LE(4)]
  if (kind === undefined) return undefined
  return {
    kind,
    operatorIndex: header.readUInt32LE(8),
    number: header.readUInt32LE(12),
    length: Number(header.readBigUInt64LE(16)),
    checksum: header.readUInt32LE(24),
  }
}

/** For a block that is cut off or damaged. */
export function corruptBlock(file: string, block: string, offset: number, what: string): SnapshotError {
  return new SnapshotError(
    'SNAPSHOT_CORRUPT',
    `Cannot read the snapshot file ${file}: ${block} at offset ${offset} is damaged: ${what}. Use another snapshot, or a copy of this one.`,
    { file, block, offset },
  )
}

/** For a file that is none of ours, or of a version to come. */
export function foreignFile(file: string, what: string): SnapshotError {
  return new SnapshotError(
    'SNAPSHOT_FOREIGN',
    `Cannot read the snapshot file ${file}: ${what}. Use a snapshot that this version of Millrace has written, or a newer Millrace.`,
    { file, block: 'file header', offset: 0 },
  )
}
