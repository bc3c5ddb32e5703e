import { expect, test } from 'vitest'
import { SeededRandom } from '../base/random.ts'
import { type ControlElement, END_OF_INPUT } from '../record/stream-element.ts'
import { JsonSegmentCodec } from '../testing/exchange/json-segment-codec.ts'
import { SimulatedClock } from '../testing/simulated-clock.ts'
import { LocalDoorbell } from './doorbell.ts'
import { allocateGateMemory, gateMemoryBytes } from './gate-memory.ts'
import { InputGate } from './input-gate.ts'
import { OverflowBudget } from './overflow-budget.ts'
import { RecordWriter } from './record-writer.ts'

const barrier: ControlElement = { kind: 'barrier', checkpointId: 1, timestampMs: 0, isDrain: false }

/** Several writers into one gate. A record such as `a1` takes 8 bytes, so 3 go into a segment of 24. */
function gateWith(producers: number, floatingSegments = 0) {
  const memory = allocateGateMemory({
    channelCount: producers,
    exclusiveSegments: 2,
    floatingSegments,
    segmentBytes: 24,
  })
  const codec = new JsonSegmentCodec<string>()
  const doorbells = Array.from({ length: producers }, () => new LocalDoorbell())
  const gate = new InputGate<string>({ memory, codec, producerDoorbells: doorbells })
  const writers = doorbells.map(
    (_, channelIndex) =>
      new RecordWriter<string>({
        channels: [{ memory, channelIndex, consumerDoorbell: new LocalDoorbell() }],
        partitioning: { ship: 'FORWARD' },
        codec,
        bufferTimeoutMs: -1,
        clock: new SimulatedClock(),
        random: new SeededRandom(1),
        availability: { stop: false },
        overflow: new OverflowBudget(10_000),
        describe: () => `writer ${channelIndex}`,
      }),
  )
  const emit = (writer: number, ...records: string[]): void =>
    records.forEach((record) => void writers[writer]!.emit(record))
  const poll = (recordsMax = 1000, availability = { stop: false }): string[] => {
    const records: string[] = []
    gate.poll((record) => records.push(record), availability, recordsMax)
    return records
  }
  return { gate, writers, doorbells, emit, poll }
}

test('takes a segment from each channel in turn', () => {
  const { emit, poll, writers } = gateWith(2)
  emit(0, 'a1', 'a2', 'a3', 'a4', 'a5')
  emit(1, 'b1', 'b2')
  for (const writer of writers) writer.flush()
  expect(poll()).toEqual(['a1', 'a2', 'a3', 'b1', 'b2', 'a4', 'a5'])
})

test('stops at recordsMax and goes on in the middle of the segment', () => {
  const { emit, poll, writers, gate } = gateWith(2)
  emit(0, 'a1', 'a2', 'a3')
  emit(1, 'b1')
  for (const writer of writers) writer.flush()
  expect([poll(2), gate.hasInput(), poll(2), gate.hasInput()]).toEqual([['a1', 'a2'], true, ['a3', 'b1'], false])
})

test('stops behind the record that raises stop, and hands over nothing while it is raised', () => {
  const { emit, gate, writers } = gateWith(1)
  emit(0, 'a1', 'a2', 'a3')
  writers[0]!.flush()
  const availability = { stop: false }
  const records: string[] = []
  const onRecord = (record: string): void => {
    records.push(record)
    availability.stop = record === 'a2'
  }
  expect([gate.poll(onRecord, availability, 10), gate.poll(onRecord, availability, 10)]).toEqual([2, 0])
  availability.stop = false
  expect([gate.poll(onRecord, availability, 10), records]).toEqual([1, ['a1', 'a2', 'a3']])
})

test('reads no further once it met an element, until that is taken', () => {
  const { emit, poll, gate, writers } = gateWith(2)
  emit(0, 'a1')
  writers[0]!.emitElement(barrier)
  emit(0, 'a2')
  emit(1, 'b1')
  for (const writer of writers) writer.flush()
  expect([poll(), gate.hasInput(), poll()]).toEqual([['a1'], true, []])
  expect(gate.takeElement()).toEqual({ channelIndex: 0, element: barrier })
  expect([gate.takeElement(), poll()]).toEqual([undefined, ['b1', 'a2']])
})

test('a blocked channel rests until it is unblocked', () => {
  const { emit, poll, gate, writers } = gateWith(2)
  emit(0, 'a1')
  emit(1, 'b1')
  for (const writer of writers) writer.flush()
  gate.block(0)
  expect([poll(), gate.hasInput()]).toEqual([['b1'], false])
  gate.unblock(0)
  expect([gate.hasInput(), poll()]).toEqual([true, ['a1']])
})

test('is finished when the end of every channel was taken', () => {
  const { poll, gate, writers } = gateWith(2)
  const end = (channelIndex: number) => {
    writers[channelIndex]!.emitElement(END_OF_INPUT)
    poll()
    expect(gate.takeElement()).toEqual({ channelIndex, element: END_OF_INPUT })
    return gate.isFinished
  }
  expect([end(1), end(0), gate.hasInput()]).toEqual([false, true, false])
})

test('lends floating segments to a channel with a backlog, and takes them back', () => {
  const { emit, poll, gate, writers, doorbells } = gateWith(2, 3)
  emit(0, 'a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7')
  expect(writers[0]!.drain()).toBe(false)
  // The first segment that comes back shows that the producer lacks one, so it gets two more to have in hand.
  expect(poll(3)).toEqual(['a1', 'a2', 'a3'])
  expect([gate.ownedSegments(0), gate.pooledSegments, doorbells[0]!.take(), doorbells[1]!.take()]).toEqual([
    4,
    1,
    true,
    false,
  ])
  expect(writers[0]!.drain()).toBe(true)
  writers[0]!.flush()
  expect(poll()).toEqual(['a4', 'a5', 'a6', 'a7'])
  expect([gate.ownedSegments(0), gate.pooledSegments]).toEqual([2, 3])
})

test('memory is counted as it is allocated', () => {
  const spec = { channelCount: 3, exclusiveSegments: 2, floatingSegments: 8, segmentBytes: 32_768 }
  const memory = allocateGateMemory(spec)
  expect(memory.buffer.byteLength).toBe(gateMemoryBytes(spec))
  expect(memory.buffer.byteLength - 14 * 32_768).toBeLessThan(3 * 1024)
})
