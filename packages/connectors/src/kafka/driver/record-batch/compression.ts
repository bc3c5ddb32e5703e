import zlib from 'node:zlib'
import { KafkaError } from '../kafka-error.ts'
import { compressLz4Frame, decompressLz4Frame } from './lz4-frame.ts'
import { compressSnappy, decompressSnappy } from './snappy-framing.ts'

/** How the records of a batch are compressed. `zstd` needs Node 22.15 or newer. */
export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

/** By the number in a batch's attributes. */
const compressions: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

export function compressionCode(compression: Compression): number {
  return compressions.indexOf(compression)
}

export function compressionOfCode(code: number): Compression | undefined {
  return compressions[code]
}

/** Throws `UNSUPPORTED_COMPRESSION` if this process cannot do `compression`, so that a job fails at its start. */
export function checkCompression(compression: Compression): void {
  if (!compressions.includes(compression)) {
    throw unsupported(compression, `There are: ${compressions.join(', ')}.`)
  }
  if (compression === 'zstd' && !('zstdCompressSync' in zlib)) {
    throw unsupported(compression, `Node ${process.versions.node} has no zstd: use Node 22.15 or newer.`)
  }
}

export function compress(compression: Compression, bytes: Buffer): Buffer {
  checkCompression(compression)
  switch (compression) {
    case 'none':
      return bytes
    case 'gzip':
      return zlib.gzipSync(bytes)
    case 'snappy':
      return compressSnappy(bytes)
    case 'lz4':
      return compressLz4Frame(bytes)
    case 'zstd':
      return zlib.zstdCompressSync(bytes)
  }
}

/** Throws if the result would have more than `bytesMax` bytes, before that memory is taken, or if `bytes` are damaged. */
export function decompress(compression: Compression, bytes: Buffer, bytesMax: number): Buffer {
  checkCompression(compression)
  switch (compression) {
    case 'none':
      return bytes
    case 'gzip':
      return zlib.gunzipSync(bytes, { maxOutputLength: bytesMax })
    case 'snappy':
      return decompressSnappy(bytes, bytesMax)
    case 'lz4':
      return decompressLz4Frame(bytes, bytesMax)
    case 'zstd':
      return zlib.zstdDecompressSync(bytes, { maxOutputLength: bytesMax })
  }
}

function unsupported(compression: string, remedy: string): KafkaError {
  return new KafkaError('UNSUPPORTED_COMPRESSION', `Cannot use compression "${compression}". ${remedy}`, {
    compression,
  })
}
