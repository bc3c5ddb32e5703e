import { ByteWriter } from '../record/byte-writer.ts'

/** Memory that is more than so many times as large as what was last in it is given up. */
const spareFactorMax = 4
const bytesMin = 256
/** What is made room for at once, before there are so many bytes. */
const bytesMax = 1 << 24
/** Key groups are not equally large, and grow. */
const headroom = 1.5

/** How much memory to take for so many bytes that are expected. */
export function roomFor(byteCount: number): number {
  return Math.ceil(Math.max(bytesMin, Math.min(bytesMax, byteCount * headroom)))
}

/**
 * Memory for the blocks of one operator's key groups, used again from one snapshot to the next: new memory has to be cleared
 * and mapped, and makes the collector go over the whole heap for each so many megabytes (bench: W8). It is as much as the last
 * snapshot took, four times at most.
 */
export class BlockMemory {
  readonly #spare = new Map<number, ByteWriter>()

  /** Empty, with room for so many bytes. Nobody else has it until it is given back. */
  take(keyGroup: number, byteCount: number): ByteWriter {
    const spare = this.#spare.get(keyGroup)
    this.#spare.delete(keyGroup)
    if (spare !== undefined && spare.buffer.length >= Math.min(byteCount, bytesMax)) return spare
    return new ByteWriter(roomFor(byteCount))
  }

  /** Nobody reads the bytes any more. */
  giveBack(keyGroup: number, out: ByteWriter): void {
    if (out.buffer.length > Math.max(bytesMin, out.length * spareFactorMax)) return
    out.rewind()
    this.#spare.set(keyGroup, out)
  }
}
