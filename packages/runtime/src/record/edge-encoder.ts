import { assert } from '../base/assert.ts'
import { EdgeLayouts, type Layout } from './edge-layouts.ts'
import type { GeneralEncoder } from './general-encoder.ts'
import { RecordError } from './record-error.ts'
import { WriteOutcome } from './row-writer.ts'
import type { SegmentEncoder, SegmentView } from './segment-codec.ts'
import { SegmentWriter } from './segment-writer.ts'
import type { TypeDescription } from './type-description.ts'
import { findTypeMismatch } from './type-mismatch.ts'

const largeBytesMin = 1 << 18
/** One record. Positions are 32-bit integers that count bytes, so this is what they can address. */
const largeBytesMax = 1 << 30

/** A type that both sides know. */
export interface DeclaredLayout {
  readonly type: TypeDescription
  readonly layout: Layout
  readonly attempt: () => string
}

/** Writes the records of one channel: by the layout of the record before if it fits, by another, or the general way. */
export class EdgeEncoder<T> implements SegmentEncoder<T> {
  readonly #general: GeneralEncoder
  readonly #source: EdgeLayouts | DeclaredLayout
  /** What the channel has been told. */
  readonly #defined = new Set<number>()
  #out: SegmentWriter
  /** The layout of the open run; undefined if there is none, or a general one. */
  #layout: Layout | undefined
  /** The one to try first when a segment begins. */
  #lastLayout: Layout | undefined
  #segmentBytes = 0

  constructor(general: GeneralEncoder, source: EdgeLayouts | DeclaredLayout) {
    this.#general = general
    this.#source = source
    this.#out = new SegmentWriter(general)
  }

  get recordCount(): number {
    return this.#out.recordCount
  }

  open(segment: SegmentView): void {
    this.#out.open(segment)
    this.#layout = undefined
    this.#segmentBytes = segment.bytes.length
  }

  // The hot path of every exchange. bench: edge-codec.bench.ts
  write(record: T): boolean {
    const layout = this.#layout
    if (layout !== undefined) {
      const outcome = layout.write(record, this.#out)
      if (outcome === WriteOutcome.written) {
        this.#out.runCount++
        return true
      }
      if (outcome === WriteOutcome.full) return this.#writeInNextBlock(record)
    }
    return this.#place(record) !== WriteOutcome.full || this.#writeInNextBlock(record)
  }

  seal(): number {
    this.#layout = undefined
    return this.#out.seal()
  }

  encodeLarge(record: T): Uint8Array {
    const out = this.#out
    const layout = this.#layout
    try {
      for (
        let byteCount = Math.max(largeBytesMin, this.#segmentBytes * 2);
        byteCount <= largeBytesMax;
        byteCount *= 2
      ) {
        const bytes = new Uint8Array(byteCount)
        this.#out = new SegmentWriter(this.#general)
        this.#layout = undefined
        this.#out.open({ bytes, int32: new Int32Array(bytes.buffer), float64: new Float64Array(bytes.buffer) })
        if (this.#place(record) !== WriteOutcome.full) return bytes.subarray(0, this.#out.seal())
      }
    } finally {
      this.#out = out
      this.#layout = layout
    }
    throw new RecordError(
      'TOO_LARGE',
      `Cannot send a record of more than ${largeBytesMax} bytes. Remedy: send it in parts.`,
      {
        bytesMax: largeBytesMax,
      },
    )
  }

  #writeInNextBlock(record: T): boolean {
    this.#layout = undefined
    return this.#out.nextBlock() && this.#place(record) !== WriteOutcome.full
  }

  /** Begins a run for the record, or adds it to a general one. Never answers `misfit`. */
  #place(record: T): WriteOutcome {
    const source = this.#source
    if (!(source instanceof EdgeLayouts)) return this.#placeDeclared(record, source)
    const { layouts } = source
    if (layouts.length > 0) {
      // In each segment one record is looked at completely, for what the writers do not see.
      if (this.#out.recordCount === 0) this.#general.encode(record)
      const tried = this.#layout
      const first = this.#lastLayout
      if (first !== undefined && first !== tried) {
        const outcome = this.#tryLayout(first, record)
        if (outcome !== WriteOutcome.misfit) return outcome
      }
      for (const layout of layouts) {
        if (layout === tried || layout === first) continue
        const outcome = this.#tryLayout(layout, record)
        if (outcome !== WriteOutcome.misfit) return outcome
      }
    }
    const outcome = this.#out.writeGeneral(this.#general.encode(record))
    if (outcome === WriteOutcome.written) {
      this.#layout = undefined
      source.observe(record)
    }
    return outcome
  }

  #placeDeclared(record: T, source: DeclaredLayout): WriteOutcome {
    const outcome = this.#tryLayout(source.layout, record)
    if (outcome !== WriteOutcome.misfit) return outcome
    const error = findTypeMismatch(record, source.type, this.#general, source.attempt)
    assert(error !== undefined, () => `the writer of a declared type refused a record of that type`)
    throw error
  }

  #tryLayout(layout: Layout, record: T): WriteOutcome {
    const definition = this.#defined.has(layout.id) ? undefined : layout.definition
    const outcome = this.#out.writeRun(layout.id, definition, layout.write, record)
    if (outcome === WriteOutcome.written) {
      if (definition !== undefined) this.#defined.add(layout.id)
      this.#layout = layout
      this.#lastLayout = layout
    }
    return outcome
  }
}
