import { compressSync, uncompressSync } from 'snappy'

/** The framing of the Java library that Kafka uses: a magic, two versions, then blocks with their lengths. */
const magic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const headLength = magic.length + 8

/** As one block: there is no limit to it, and no reader holds it to one. */
export function compressSnappy(bytes: Buffer): Buffer {
  const block = compressSync(bytes)
  const framed = Buffer.allocUnsafe(headLength + 4 + block.length)
  magic.copy(framed)
  framed.writeInt32BE(1, magic.length)
  framed.writeInt32BE(1, magic.length + 4)
  framed.writeInt32BE(block.length, headLength)
  block.copy(framed, headLength + 4)
  return framed
}

/** Takes bare blocks as well, which some clients write. */
export function decompressSnappy(bytes: Buffer, bytesMax: number): Buffer {
  if (!bytes.subarray(0, magic.length).equals(magic)) return uncompressBlock(bytes, bytesMax)
  const parts: Buffer[] = []
  let total = 0
  let at = headLength
  while (at < bytes.length) {
    if (at + 4 > bytes.length) throw new RangeError('a snappy block has no length')
    const length = bytes.readInt32BE(at)
    at += 4
    if (length < 0 || at + length > bytes.length) throw new RangeError(`a snappy block of ${length} bytes is cut off`)
    const part = uncompressBlock(bytes.subarray(at, at + length), bytesMax - total)
    parts.push(part)
    total += part.length
    at += length
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts, total)
}

function uncompressBlock(block: Buffer, bytesMax: number): Buffer {
  const length = uncompressedLength(block)
  if (length > bytesMax)
    throw new RangeError(`a snappy block says that it has ${length} bytes, the limit is ${bytesMax}`)
  return uncompressSync(block, { asBuffer: true }) as Buffer
}

/** A block begins with it, as a varint. */
function uncompressedLength(block: Buffer): number {
  let length = 0
  for (let i = 0; i < 5; i++) {
    const byte = block[i]
    if (byte === undefined) throw new RangeError('a snappy block has no uncompressed length')
    length += (byte & 0x7f) * 2 ** (7 * i)
    if (byte < 0x80) return length
  }
  throw new RangeError('the uncompressed length of a snappy block has more than 5 bytes')
}
