/** No record older than `timestampMs` follows (some may, and are late). */
export interface Watermark {
  readonly kind: 'watermark'
  readonly timestampMs: number
}

/** Divides what belongs to checkpoint `checkpointId` from what comes after it. */
export interface CheckpointBarrier {
  readonly kind: 'barrier'
  readonly checkpointId: number
  /** When the checkpoint was triggered, since the epoch. */
  readonly timestampMs: number
  /** No record follows it: operators emit what they held back before they take their snapshot. */
  readonly isDrain: boolean
}

/** The last element of a channel. */
export interface EndOfInput {
  readonly kind: 'end'
  /** The job is being stopped and will go on from a savepoint: the end of the channel, but not of the input. */
  readonly isSuspended: boolean
}

/** What travels in a channel between records, in order with them. */
export type ControlElement = Watermark | CheckpointBarrier | EndOfInput

export const END_OF_INPUT: EndOfInput = Object.freeze({ kind: 'end', isSuspended: false })
/** The end of the channels of a job that is stopped with a savepoint. */
export const SUSPENDED: EndOfInput = Object.freeze({ kind: 'end', isSuspended: true })
