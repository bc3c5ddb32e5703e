import { SeededRandom } from '../../base/random.ts'
import { LocalDoorbell } from '../../exchange/doorbell.ts'
import type { RecordPartitioning } from '../../exchange/emit-compiler.ts'
import { allocateGateMemory, type GateMemorySpec } from '../../exchange/gate-memory.ts'
import { InputGate } from '../../exchange/input-gate.ts'
import { OverflowBudget } from '../../exchange/overflow-budget.ts'
import { RecordWriter } from '../../exchange/record-writer.ts'
import type { OutputAvailability, SegmentDecoder, SegmentEncoder } from '../../record/segment-codec.ts'
import type { ControlElement } from '../../record/stream-element.ts'
import { SimulatedClock } from '../simulated-clock.ts'
import { JsonSegmentCodec } from './json-segment-codec.ts'

export interface ExchangePairOptions<T> extends Partial<Omit<GateMemorySpec, 'channelCount'>> {
  readonly partitioning?: RecordPartitioning<T>
  readonly consumers?: number
  readonly bufferTimeoutMs?: number
  readonly overflowBytes?: number
  readonly seed?: number
  /** JSON by default. */
  readonly codec?: { encoder(): SegmentEncoder<T>; decoder(): SegmentDecoder<T> }
}

/** One writer and the gates behind its channels, all in the test's thread. Small segments by default: 64 bytes. */
export class ExchangePair<T> {
  readonly clock: SimulatedClock = new SimulatedClock()
  readonly availability: OutputAvailability = { stop: false }
  readonly producerDoorbell: LocalDoorbell = new LocalDoorbell()
  readonly consumerDoorbells: readonly LocalDoorbell[]
  readonly overflow: OverflowBudget
  readonly writer: RecordWriter<T>
  readonly gates: readonly InputGate<T>[]

  constructor(options: ExchangePairOptions<T> = {}) {
    const { consumers = 1, exclusiveSegments = 2, floatingSegments = 0, segmentBytes = 64 } = options
    const codec = options.codec ?? new JsonSegmentCodec<T>()
    const memories = Array.from({ length: consumers }, () =>
      allocateGateMemory({ channelCount: 1, exclusiveSegments, floatingSegments, segmentBytes }),
    )
    this.consumerDoorbells = memories.map(() => new LocalDoorbell())
    this.overflow = new OverflowBudget(options.overflowBytes ?? 1_000_000)
    this.writer = new RecordWriter<T>({
      channels: memories.map((memory, consumer) => ({
        memory,
        channelIndex: 0,
        consumerDoorbell: this.consumerDoorbells[consumer]!,
      })),
      partitioning: options.partitioning ?? { ship: consumers === 1 ? 'FORWARD' : 'REBALANCE' },
      codec,
      bufferTimeoutMs: options.bufferTimeoutMs ?? -1,
      clock: this.clock,
      random: new SeededRandom(options.seed ?? 1),
      availability: this.availability,
      overflow: this.overflow,
      describe: () => 'the edge "Test" of subtask 0',
    })
    this.gates = memories.map(
      (memory) => new InputGate<T>({ memory, codec, producerDoorbells: [this.producerDoorbell] }),
    )
  }

  /** All that the gate has now, in order. */
  receive(consumer = 0): (T | ControlElement)[] {
    const gate = this.gates[consumer]!
    const received: (T | ControlElement)[] = []
    while (gate.hasInput()) {
      gate.poll((record) => received.push(record), { stop: false }, Number.POSITIVE_INFINITY)
      const arrived = gate.takeElement()
      if (arrived !== undefined) received.push(arrived.element)
    }
    return received
  }

  /** Receives and drains in turn until the gate stays empty. */
  receiveAll(consumer = 0): (T | ControlElement)[] {
    const received: (T | ControlElement)[] = []
    do {
      received.push(...this.receive(consumer))
      this.writer.drain()
    } while (this.gates[consumer]!.hasInput())
    return received
  }
}
