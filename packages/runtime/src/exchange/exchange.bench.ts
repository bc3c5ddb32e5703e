// Run by `node exchange.bench.ts`: nanoseconds a record from `emit` to the consumer, in one thread, two writers and as many
// gates. The codec copies two int32, so that what is seen is the exchange itself and the making of the records.
import { SystemClock } from '../base/clock.ts'
import { SeededRandom } from '../base/random.ts'
import type { OutputAvailability, SegmentDecoder, SegmentEncoder, SegmentView } from '../record/segment-codec.ts'
import { SharedDoorbell } from './doorbell.ts'
import type { RecordPartitioning } from './emit-compiler.ts'
import { allocateGateMemory } from './gate-memory.ts'
import { InputGate } from './input-gate.ts'
import { OverflowBudget } from './overflow-budget.ts'
import { RecordWriter } from './record-writer.ts'

interface Pair {
  readonly key: number
  readonly value: number
}

class PairEncoder implements SegmentEncoder<Pair> {
  recordCount = 0
  #words: Int32Array = new Int32Array(0)
  #at = 0

  open(segment: SegmentView): void {
    this.#words = segment.int32
    this.#at = 0
    this.recordCount = 0
  }

  write(record: Pair): boolean {
    const at = this.#at
    if (at + 2 > this.#words.length) return false
    this.#words[at] = record.key
    this.#words[at + 1] = record.value
    this.#at = at + 2
    this.recordCount++
    return true
  }

  seal(): number {
    return this.#at * 4
  }

  encodeLarge(): never {
    throw new Error('No pair is large')
  }
}

class PairDecoder implements SegmentDecoder<Pair> {
  exhausted = true
  #words: Int32Array = new Int32Array(0)
  #at = 0
  #end = 0

  open(segment: SegmentView, usedBytes: number): void {
    this.#words = segment.int32
    this.#at = 0
    this.#end = usedBytes / 4
    this.exhausted = false
  }

  read(onRecord: (record: Pair) => void, availability: OutputAvailability, recordsMax: number): number {
    let count = 0
    while (this.#at < this.#end && count < recordsMax) {
      const at = this.#at
      this.#at = at + 2
      count++
      onRecord({ key: this.#words[at]!, value: this.#words[at + 1]! })
      if (availability.stop) break
    }
    this.exhausted = this.#at === this.#end
    return count
  }

  decodeLarge(): never {
    throw new Error('No pair is large')
  }
}

const RECORDS = 10_000_000
const VISIT_RECORDS = 10_000
const codec = { encoder: () => new PairEncoder(), decoder: () => new PairDecoder() }
const clock = new SystemClock()

function measure(name: string, partitioning: RecordPartitioning<Pair>, consumerCount: number): void {
  const doorbell = SharedDoorbell.allocate()
  const memories = Array.from({ length: consumerCount }, () =>
    allocateGateMemory({ channelCount: 2, exclusiveSegments: 2, floatingSegments: 8, segmentBytes: 32_768 }),
  )
  const gates = memories.map(
    (memory) => new InputGate<Pair>({ memory, codec, producerDoorbells: [doorbell, doorbell] }),
  )
  const writers = [0, 1].map((channelIndex) => {
    const availability = { stop: false }
    const writer = new RecordWriter<Pair>({
      channels: memories.map((memory) => ({ memory, channelIndex, consumerDoorbell: doorbell })),
      partitioning,
      codec,
      bufferTimeoutMs: 100,
      clock,
      random: new SeededRandom(1),
      availability,
      overflow: new OverflowBudget(2 ** 26),
      describe: () => 'the measured edge',
    })
    return { writer, availability }
  })
  let sum = 0
  const onRecord = (record: Pair): void => {
    sum += record.value
  }
  const start = clock.monotonicMs()
  let sent = 0
  while (sent < RECORDS) {
    for (const { writer, availability } of writers) {
      availability.stop = !writer.drain()
      const { emit } = writer
      for (let i = 0; i < VISIT_RECORDS && !availability.stop; i++) emit({ key: sent++, value: 1 })
    }
    for (const gate of gates) while (gate.poll(onRecord, { stop: false }, RECORDS) > 0);
  }
  const ns = ((clock.monotonicMs() - start) * 1e6) / sent
  console.log(`${name.padEnd(20)} ${ns.toFixed(1)} ns a record (${sum} arrived)`)
}

const names = Array.from({ length: 4096 }, (_, i) => `user-${i * 7919}`)
for (let round = 0; round < 2; round++) {
  measure('GLOBAL', { ship: 'GLOBAL' }, 1)
  measure('REBALANCE to 2', { ship: 'REBALANCE' }, 2)
  measure('HASH, int to 2', { ship: 'HASH', keySelector: ({ key }) => key, maxParallelism: 128 }, 2)
  measure('HASH, string to 2', { ship: 'HASH', keySelector: ({ key }) => names[key & 4095], maxParallelism: 128 }, 2)
}
