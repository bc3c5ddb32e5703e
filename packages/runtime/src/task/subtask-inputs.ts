import { assert } from '../base/assert.ts'
import type { ArrivedElement, InputGate } from '../exchange/input-gate.ts'
import type { OutputAvailability } from '../record/segment-codec.ts'
import type { Chain } from './chain.ts'
import type { AlignedCheckpoint, CheckpointAlignment } from './checkpoint-alignment.ts'

export interface SubtaskInputsParts {
  readonly gates: readonly { readonly gate: InputGate<unknown>; readonly typeNumber: 0 | 1 | 2 }[]
  readonly alignment: CheckpointAlignment
  readonly chain: Chain
  readonly availability: OutputAvailability
  /** The barriers of a checkpoint have come through all channels: no record is to be taken before it is. */
  readonly onAligned: (aligned: AlignedCheckpoint) => void
  /** All channels have ended. `isSuspended`: some because the job is being stopped. */
  readonly onEnded: (isSuspended: boolean) => void
}

/** All inputs of a subtask: takes records out of their channels in turn, and knows what the elements between them mean. */
export class SubtaskInputs {
  readonly #parts: SubtaskInputsParts
  #nextGate = 0
  #aligned = false
  #isSuspended = false

  constructor(parts: SubtaskInputsParts) {
    this.#parts = parts
  }

  get count(): number {
    return this.#parts.gates.length
  }

  /** Whether the last channel has ended. */
  get allEnded(): boolean {
    return this.#parts.alignment.allEnded
  }

  get recordsIn(): number {
    return this.#parts.gates.reduce((sum, { gate }) => sum + gate.recordsIn, 0)
  }

  get bytesIn(): number {
    return this.#parts.gates.reduce((sum, { gate }) => sum + gate.bytesIn, 0)
  }

  /** Visits each gate once, but stops at a checkpoint. Answers how many records and control elements were handled. */
  poll(recordsMax: number): number {
    const { gates, availability, chain } = this.#parts
    let handled = 0
    this.#aligned = false
    for (let n = 0; n < gates.length && !availability.stop && !this.#aligned; n++) {
      const gateIndex = this.#nextGate
      const { gate, typeNumber } = gates[gateIndex]!
      this.#nextGate = (gateIndex + 1) % gates.length
      handled += gate.poll(chain.inputs[typeNumber]!, availability, recordsMax)
      for (let met = gate.takeElement(); met !== undefined; met = gate.takeElement()) {
        this.#handle(gateIndex, met)
        handled++
      }
    }
    return handled
  }

  #handle(gateIndex: number, { channelIndex, element }: ArrivedElement): void {
    const { alignment, onEnded } = this.#parts
    switch (element.kind) {
      case 'barrier':
        this.#onAligned(alignment.onBarrier(gateIndex, channelIndex, element))
        return
      case 'end':
        if (element.isSuspended) this.#isSuspended = true
        this.#onAligned(alignment.onEnd(gateIndex, channelIndex))
        if (alignment.allEnded) onEnded(this.#isSuspended)
        return
      default:
        assert(false, () => `unexpected ${element.kind} in a channel`)
    }
  }

  #onAligned(aligned: AlignedCheckpoint | undefined): void {
    if (aligned === undefined) return
    this.#aligned = true
    this.#parts.onAligned(aligned)
  }
}
