import type { Random } from '../../base/random.ts'
import { channelWords, FREE_HEAD, FREE_TAIL, type GateMemory, gateLayout } from '../../exchange/gate-memory.ts'
import type { InputGate } from '../../exchange/input-gate.ts'
import { OverflowBudget } from '../../exchange/overflow-budget.ts'
import type { RecordWriter } from '../../exchange/record-writer.ts'
import type { OutputAvailability } from '../../record/segment-codec.ts'
import { END_OF_INPUT } from '../../record/stream-element.ts'
import { violate } from './exchange-violation.ts'

/** Mistakes that a task loop could make around an exchange; the simulation must notice each. */
export interface LoopFlaws {
  readonly bellReadAfterVisit?: boolean
  readonly inputTakenWhileStopped?: boolean
  readonly overflowDrainedOnlyWithInput?: boolean
  readonly finishedWithOverflow?: boolean
  readonly timeoutsIgnored?: boolean
  /** Credit in hand is asked for on each channel, though a segment is open. */
  readonly openSegmentNotCounted?: boolean
  readonly consumersNotRung?: boolean
  readonly barriersNotAligned?: boolean
}

export interface SimulatedRecord {
  readonly producer: number
  /** Counts the producer's records, over all its channels. */
  readonly n: number
  readonly epoch: number
  readonly pad: string
}

const OUTPUTS_MAX = 4
const PAD_MAX = 150
/** Barriers that a source may send while output is not available. */
const MAILS_MAX = 2
/** Everything of a record but its pad, in the test codec. */
const RECORD_BYTES = 60

/** Reads its gate, if it has one, and writes a few records for each it reads; a source reads a script of its own. */
export class SimulatedSubtask {
  readonly #random: Random
  readonly #flaws: LoopFlaws
  readonly #index: number
  readonly availability: OutputAvailability = { stop: false }
  readonly overflow: OverflowBudget = new OverflowBudget(Number.POSITIVE_INFINITY)
  gate: InputGate<SimulatedRecord> | undefined
  writer: RecordWriter<SimulatedRecord> | undefined
  consumers: readonly SimulatedSubtask[] = []
  writerMemories: readonly GateMemory[] = []
  overflowBytesMax = 0
  finished = false
  /** Whether partly filled segments are sent without being asked for, so that a source may wait for its last record. */
  flushes = false
  #awaitsArrival = false
  /** Barriers sent since output was available. */
  #mailCount = 0
  #inputsLeft: number
  #emitted = 0
  #epoch = 0
  #ended = false
  /** By channel: what is known of its next record. */
  #channels: { epoch: number; nextN: number; watermark: number; count: number }[] = []

  constructor(index: number, random: Random, flaws: LoopFlaws) {
    this.#random = random
    this.#flaws = flaws
    this.#index = index
    this.#inputsLeft = 10 + random.below(60)
  }

  connectGate(gate: InputGate<SimulatedRecord>): void {
    this.gate = gate
    this.#channels = Array.from({ length: gate.channelCount }, () => ({ epoch: 0, nextN: 0, watermark: 0, count: 0 }))
  }

  /** A source has waited until all its records arrived at the next level, and they did. */
  get isAnswered(): boolean {
    return this.#awaitsArrival && this.#allArrived()
  }

  #allArrived(): boolean {
    const arrived = this.consumers.reduce((sum, consumer) => sum + consumer.#channels[this.#index]!.count, 0)
    return arrived === this.writer!.recordsOut
  }

  /** Answers whether a further visit may find something to do though nobody rings. */
  visit(): boolean {
    if (this.finished) return false
    if (this.#awaitsArrival && this.#allArrived()) this.#awaitsArrival = false
    if (this.#ended) {
      this.finished = this.writer === undefined || this.writer.drain() || this.#flaws.finishedWithOverflow === true
      return this.finished
    }
    this.#serveMail()
    if (!this.#flaws.overflowDrainedOnlyWithInput || !this.availability.stop) {
      const available = this.writer === undefined || this.writer.drain()
      this.availability.stop = !(available || this.#flaws.inputTakenWhileStopped) || !this.#hasFreshCredit()
    }
    if (!this.availability.stop) this.#mailCount = 0
    if (this.availability.stop || this.#awaitsArrival) return false
    const worked =
      this.gate === undefined ? this.#readScript(this.#random.below(20)) : this.#readGate(1 + this.#random.below(20))
    if (this.overflow.peakBytes > this.overflowBytesMax) violate(`${this.overflow.peakBytes} bytes of overflow`)
    // A stop ends the visit: from here on the doorbell is trusted.
    return worked && !this.availability.stop
  }

  /** A source triggers its checkpoints between two records, whether output is available or not. */
  #serveMail(): void {
    if (this.gate !== undefined || this.#mailCount === MAILS_MAX || this.#random.below(10) > 0) return
    this.#mailCount++
    this.#barrier()
  }

  #hasFreshCredit(): boolean {
    if (!this.#flaws.openSegmentNotCounted) return true
    return this.writerMemories.every((memory) => {
      const { int32 } = channelWords(memory, gateLayout(memory), this.#index)
      return int32[FREE_HEAD]! - int32[FREE_TAIL]! > 0
    })
  }

  #readScript(inputsMax: number): boolean {
    const flaws = this.#flaws
    const random = this.#random
    for (let i = 0; i <= inputsMax && (!this.availability.stop || flaws.inputTakenWhileStopped); i++) {
      if (this.#inputsLeft-- === 0) {
        this.#end()
        return true
      }
      const action = random.below(24)
      if (action === 0 && this.flushes) {
        this.#awaitsArrival = true
        return true
      }
      if (action <= 2) this.#barrier()
      else this.#process()
    }
    return true
  }

  #readGate(recordsMax: number): boolean {
    const gate = this.gate!
    const flaws = this.#flaws
    const onRecord = (record: SimulatedRecord): void => this.#receive(record)
    const availability = flaws.inputTakenWhileStopped ? { stop: false } : this.availability
    const count = gate.poll(onRecord, availability, recordsMax)
    const arrived = this.availability.stop && !flaws.inputTakenWhileStopped ? undefined : gate.takeElement()
    if (arrived === undefined) return count > 0
    const { channelIndex, element } = arrived
    const channel = this.#channels[channelIndex]!
    switch (element.kind) {
      case 'watermark':
        if (channel.nextN > element.timestampMs) violate(`A watermark came behind record ${channel.nextN - 1}`)
        channel.watermark = element.timestampMs
        return true
      case 'barrier':
        channel.epoch++
        if (element.checkpointId !== channel.epoch) violate(`Barrier ${element.checkpointId} opens ${channel.epoch}`)
        if (!flaws.barriersNotAligned) gate.block(channelIndex)
        break
      case 'end':
        channel.epoch = Number.POSITIVE_INFINITY
    }
    this.#align()
    return true
  }

  /** Passes barriers on that have come through every channel that has not ended. */
  #align(): void {
    const epoch = Math.min(...this.#channels.map((channel) => channel.epoch))
    if (this.gate!.isFinished) this.#end()
    else if (epoch > this.#epoch) {
      this.#barrier()
      for (let channel = 0; channel < this.#channels.length; channel++) this.gate!.unblock(channel)
    }
  }

  #receive(record: SimulatedRecord): void {
    if (this.availability.stop && !this.#flaws.inputTakenWhileStopped) violate('A record came behind a stop')
    const channel = this.#channels[record.producer]!
    if (record.n < channel.nextN) violate(`Record ${record.n} came where ${channel.nextN} was the first possible`)
    if (record.n < channel.watermark) violate(`Record ${record.n} came behind watermark ${channel.watermark}`)
    if (record.epoch !== this.#epoch) violate(`A record of epoch ${record.epoch} came in epoch ${this.#epoch}`)
    if (record.pad !== padOf(record.producer, record.n)) violate(`Record ${record.n} was damaged`)
    channel.nextN = record.n + 1
    channel.count++
    this.#process()
  }

  #process(): void {
    const { writer } = this
    if (writer === undefined) return
    const random = this.#random
    for (let outputs = random.below(OUTPUTS_MAX + 1); outputs > 0; outputs--) {
      const n = this.#emitted++
      writer.emit({ producer: this.#index, n, epoch: this.#epoch, pad: padOf(this.#index, n) })
    }
    if (random.below(10) === 0) writer.emitElement({ kind: 'watermark', timestampMs: this.#emitted })
  }

  #barrier(): void {
    this.#epoch++
    this.writer?.emitElement({ kind: 'barrier', checkpointId: this.#epoch, timestampMs: 0, isDrain: false })
  }

  /** Some operators emit what they gathered when the input ends. */
  #end(): void {
    this.#ended = true
    this.#process()
    if (this.overflow.peakBytes > this.overflowBytesMax) violate(`${this.overflow.peakBytes} bytes of overflow`)
    this.writer?.emitElement(END_OF_INPUT)
  }
}

/** A pad that record and length can be checked by; one in eight does not fit a small segment. */
function padOf(producer: number, n: number): string {
  const draw = (producer * 7919 + n * 104_729) % 97
  return 'x'.repeat(draw % 8 === 0 ? PAD_MAX - draw : draw % 11)
}

/**
 * What the output of one input element can take beyond all credit: each record the fragments of a large one and the rest
 * of a segment cut short; and on each channel the segment that was open, and one for each element.
 */
export function overflowBytesMax(segmentBytes: number, channelCount: number, broadcast: boolean): number {
  const segmentsOfRecord = Math.ceil((RECORD_BYTES + PAD_MAX) / segmentBytes) + 1
  const recordCopies = OUTPUTS_MAX * (broadcast ? channelCount : 1)
  const segmentsOfElements = (2 + MAILS_MAX) * channelCount
  return segmentBytes * (recordCopies * segmentsOfRecord + segmentsOfElements) + 64 * segmentsOfElements
}
