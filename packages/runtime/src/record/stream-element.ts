/** No record older than `timestampMs` follows (some may, and are late). */
export interface Watermark {
  readonly kind: 'watermark'
  readonly timestampMs: number
}

/** Divides what belongs to checkpoint `checkpointId` from what comes after it. */
export interface CheckpointBarrier {
  readonly kind: 'barrier'
  readonly checkpointId: number
  readonly timestampMs: number
}

/** The last element of a channel. */
export interface EndOfInput {
  readonly kind: 'end'
}

/** What travels in a channel between records, in order with them. */
export type ControlElement = Watermark | CheckpointBarrier | EndOfInput

export const END_OF_INPUT: EndOfInput = Object.freeze({ kind: 'end' })
