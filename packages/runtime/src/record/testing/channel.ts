import type { EdgeCodec } from '../edge-codec.ts'
import type { SegmentView } from '../segment-codec.ts'

export function createSegment(byteCount: number): SegmentView {
  const memory = new SharedArrayBuffer(byteCount)
  return { bytes: new Uint8Array(memory), int32: new Int32Array(memory), float64: new Float64Array(memory) }
}

export interface Passage {
  readonly received: unknown[]
  readonly segments: number
  readonly large: number
  readonly bytes: number
}

/**
 * Sends `records` through one channel, as an exchange would: one segment after the other, each scribbled over as soon as
 * it is read. `stopAfter` says after how many records the stop flag is raised each time.
 */
export function passThrough(
  codec: EdgeCodec<unknown>,
  records: readonly unknown[],
  segmentBytes = 4096,
  stopAfter: (round: number) => number = () => Infinity,
): Passage {
  const encoder = codec.encoder()
  const decoder = codec.decoder()
  const segment = createSegment(segmentBytes)
  const received: unknown[] = []
  const counts = { segments: 0, large: 0, bytes: 0 }
  let round = 0

  const deliver = (): void => {
    const expected = encoder.recordCount
    const used = encoder.seal()
    if (used === 0 && expected === 0) return
    counts.segments++
    counts.bytes += used
    segment.bytes.fill(0xee, used)
    decoder.open(segment, used)
    let got = 0
    while (!decoder.exhausted) {
      const availability = { stop: false }
      let left = stopAfter(round++)
      const count = decoder.read(
        (record) => {
          if (availability.stop) throw new Error('a record after the stop flag was raised')
          received.push(record)
          if (--left <= 0) availability.stop = true
        },
        availability,
        round % 3 === 0 ? 5 : Infinity,
      )
      if (count === 0) throw new Error('a reader that is not exhausted handed over nothing')
      got += count
    }
    if (got !== expected) throw new Error(`sealed ${expected} records, read ${got}`)
    segment.bytes.fill(0xee)
  }

  encoder.open(segment)
  for (const record of records) {
    if (encoder.write(record)) continue
    deliver()
    encoder.open(segment)
    if (encoder.write(record)) continue
    const bytes = encoder.encodeLarge(record)
    const copy = new Uint8Array(bytes.length + 1).subarray(1)
    copy.set(bytes)
    counts.large++
    received.push(decoder.decodeLarge(copy))
    copy.fill(0xee)
  }
  deliver()
  return { received, ...counts }
}
