import { compressFrameSync, decompressFrameSync } from 'lz4-napi'

const frameMagic = 0x184d2204
/** A block cannot grow by more than that. */
const ratioMax = 255

export function compressLz4Frame(bytes: Buffer): Buffer {
  return compressFrameSync(bytes)
}

export function decompressLz4Frame(bytes: Buffer, bytesMax: number): Buffer {
  const bound = lengthBound(bytes)
  if (bound > bytesMax) {
    throw new RangeError(`an LZ4 frame may have ${bound} bytes when decompressed, the limit is ${bytesMax}`)
  }
  return decompressFrameSync(bytes)
}

/** More bytes than this cannot come out of the frame: its blocks are walked, and not decompressed. */
function lengthBound(frame: Buffer): number {
  if (frame.length < 7 || frame.readUInt32LE(0) !== frameMagic) throw new RangeError('there is no LZ4 frame')
  const flags = frame[4]!
  const blockMax = 1 << (8 + 2 * ((frame[5]! >> 4) & 0x07))
  const hasBlockChecksum = (flags & 0x10) !== 0
  const hasContentSize = (flags & 0x08) !== 0
  const hasDictionary = (flags & 0x01) !== 0
  let at = 7 + (hasContentSize ? 8 : 0) + (hasDictionary ? 4 : 0)
  let bound = 0
  while (at + 4 <= frame.length) {
    const head = frame.readUInt32LE(at)
    if (head === 0) return bound
    const length = head & 0x7fff_ffff
    bound += Math.min(blockMax, length * ratioMax)
    at += 4 + length + (hasBlockChecksum ? 4 : 0)
  }
  throw new RangeError('an LZ4 frame is cut off')
}
