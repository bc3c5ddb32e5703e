import fc from 'fast-check'
import { expect, test } from 'vitest'
import { KeyError } from '../keys/key-error.ts'
import { keyGroupOf, subtaskIndexForKeyGroup } from '../keys/key-group.ts'
import { type ControlElement, END_OF_INPUT } from '../record/stream-element.ts'
import { ExchangePair } from '../testing/exchange/exchange-pair.ts'
import { ExchangeError } from './exchange-error.ts'

const watermark = (timestampMs: number): ControlElement => ({ kind: 'watermark', timestampMs })
const barrier = (checkpointId: number): ControlElement => ({
  kind: 'barrier',
  checkpointId,
  timestampMs: 7.5,
  isDrain: false,
})

/** The strings below take 16 bytes each with the test codec: 4 to a segment of 64 bytes. */
const text = (n: number): string => String(n).padStart(10, '0')
const texts = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => text(from + i))

test('records arrive in order, with the elements between them', () => {
  const pair = new ExchangePair<number>()
  pair.writer.emit(1)
  pair.writer.emit(2)
  pair.writer.emitElement(watermark(-12.25))
  pair.writer.emitElement(barrier(2 ** 40))
  pair.writer.emit(3)
  pair.writer.emitElement(END_OF_INPUT)
  expect(pair.receiveAll()).toEqual([1, 2, watermark(-12.25), barrier(2 ** 40), 3, END_OF_INPUT])
  expect(pair.gates[0]!.isFinished).toBe(true)
  expect([pair.writer.recordsOut, pair.gates[0]!.recordsIn]).toEqual([3, 3])
  expect(pair.writer.bytesOut).toBe(pair.gates[0]!.bytesIn)
})

test('a segment is sent when it is full, and rings the consumer', () => {
  const pair = new ExchangePair<string>()
  for (const record of texts(0, 4)) pair.writer.emit(record)
  expect(pair.consumerDoorbells[0]!.take()).toBe(false)
  pair.writer.emit(text(4))
  expect(pair.consumerDoorbells[0]!.take()).toBe(true)
  expect(pair.receive()).toEqual(texts(0, 4))
})

test('output is available while there is a segment to write into, and stops with the record that has none', () => {
  const pair = new ExchangePair<string>()
  // Two segments, the second one full.
  for (const record of texts(0, 8)) pair.writer.emit(record)
  expect(pair.availability.stop).toBe(false)
  expect(pair.writer.drain()).toBe(true)
  pair.writer.emit(text(8))
  expect(pair.availability.stop).toBe(true)
  expect(pair.writer.drain()).toBe(false)
  expect(pair.overflow.usedBytes).toBe(64)
})

test('a returned credit rings the producer that waits, and only that', () => {
  const pair = new ExchangePair<string>()
  for (const record of texts(0, 5)) pair.writer.emit(record)
  expect(pair.receive()).toEqual(texts(0, 4))
  expect(pair.producerDoorbell.take()).toBe(false)
  for (const record of texts(5, 13)) pair.writer.emit(record)
  expect(pair.writer.drain()).toBe(false)
  expect(pair.receive()).toEqual(texts(4, 12))
  expect(pair.producerDoorbell.take()).toBe(true)
  expect(pair.writer.drain()).toBe(true)
})

test('what was begun without credit is filled up when the credit has come', () => {
  const pair = new ExchangePair<string>()
  for (const record of texts(0, 9)) pair.writer.emit(record)
  expect(pair.receive()).toEqual(texts(0, 8))
  expect(pair.writer.drain()).toBe(true)
  expect(pair.receive()).toEqual([])
  for (const record of texts(9, 13)) pair.writer.emit(record)
  expect(pair.receive()).toEqual(texts(8, 12))
  expect(pair.overflow.usedBytes).toBe(0)
})

test('overflow drains in order as credits come back, before anything new', () => {
  const pair = new ExchangePair<string>()
  for (const record of texts(0, 30)) pair.writer.emit(record)
  pair.writer.emitElement(watermark(1))
  for (const record of texts(30, 33)) pair.writer.emit(record)
  expect(pair.overflow.usedBytes).toBe(7 * 64)
  pair.writer.emitElement(END_OF_INPUT)
  expect(pair.receiveAll()).toEqual([...texts(0, 30), watermark(1), ...texts(30, 33), END_OF_INPUT])
  expect([pair.overflow.usedBytes, pair.overflow.peakBytes]).toEqual([0, 7 * 64])
})

test('an element without credit waits without taking a private segment', () => {
  const pair = new ExchangePair<string>()
  for (const record of texts(0, 4)) pair.writer.emit(record)
  pair.writer.emitElement(watermark(1))
  pair.writer.emitElement(watermark(2))
  pair.writer.emitElement(watermark(3))
  expect([pair.overflow.usedBytes, pair.availability.stop]).toEqual([64, true])
  expect(pair.receiveAll()).toEqual([...texts(0, 4), watermark(1), watermark(2), watermark(3)])
})

test('more overflow than the budget is an error that names the edge and the remedy', () => {
  const pair = new ExchangePair<string>({ overflowBytes: 200 })
  const emitAll = () => texts(0, 100).forEach((record) => void pair.writer.emit(record))
  expect(emitAll).toThrow(ExchangeError)
  expect(emitAll).toThrow(/"Test" of subtask 0.*200 bytes.*generator.*pipeline\.max-overflow/)
})

test('a record larger than a segment travels in fragments, in order, also through the overflow', () => {
  const pair = new ExchangePair<string>()
  const large = 'x'.repeat(1000)
  const records = ['a', large, 'b', `${large}1`, `${large}2`, 'c']
  for (const record of records) pair.writer.emit(record)
  pair.writer.emitElement(END_OF_INPUT)
  expect(pair.receiveAll()).toEqual([...records, END_OF_INPUT])
  expect([pair.writer.recordsOut, pair.gates[0]!.recordsIn, pair.overflow.usedBytes]).toEqual([6, 6, 0])
})

test('buffer time-out 0 sends each record at once', () => {
  const pair = new ExchangePair<number>({ bufferTimeoutMs: 0 })
  pair.writer.emit(1)
  expect(pair.receive()).toEqual([1])
  pair.writer.emit(2)
  expect(pair.receive()).toEqual([2])
})

test('buffer time-out 0 without credit gathers records, and sends them with the first credit', () => {
  const pair = new ExchangePair<number>({ bufferTimeoutMs: 0 })
  for (let i = 0; i < 6; i++) pair.writer.emit(i)
  expect([pair.availability.stop, pair.overflow.usedBytes]).toEqual([true, 64])
  expect(pair.receive()).toEqual([0, 1])
  expect(pair.writer.drain()).toBe(true)
  expect(pair.receive()).toEqual([2, 3, 4, 5])
})

test('a partly filled segment is sent when its time-out has passed since its first record', () => {
  const pair = new ExchangePair<number>({ bufferTimeoutMs: 10 })
  expect(pair.writer.flushDue(0)).toBe(Number.POSITIVE_INFINITY)
  pair.clock.advanceTo(5)
  pair.writer.emit(1)
  pair.clock.advanceTo(14)
  pair.writer.emit(2)
  expect([pair.writer.flushDue(14), pair.receive()]).toEqual([15, []])
  expect([pair.writer.flushDue(15), pair.receive()]).toEqual([Number.POSITIVE_INFINITY, [1, 2]])
})

test('a time-out that passes without credit is made up for by the credit', () => {
  const pair = new ExchangePair<string>({ bufferTimeoutMs: 10 })
  for (const record of texts(0, 9)) pair.writer.emit(record)
  pair.clock.advanceTo(10)
  // Not due again and again: the returned credit will ring.
  expect(pair.writer.flushDue(10)).toBe(Number.POSITIVE_INFINITY)
  expect(pair.receive()).toEqual(texts(0, 8))
  expect(pair.writer.drain()).toBe(true)
  expect(pair.receive()).toEqual(texts(8, 9))
})

test('buffer time-out -1 sends full segments only, unless asked', () => {
  const pair = new ExchangePair<number>({ bufferTimeoutMs: -1 })
  pair.writer.emit(1)
  pair.clock.advanceTo(1e9)
  expect([pair.writer.flushDue(1e9), pair.receive()]).toEqual([Number.POSITIVE_INFINITY, []])
  pair.writer.flush()
  expect(pair.receive()).toEqual([1])
})

test('after the end the writer is done when nothing waits, with or without credit', () => {
  const pair = new ExchangePair<string>({ exclusiveSegments: 1 })
  pair.writer.emit('last')
  pair.writer.emitElement(END_OF_INPUT)
  expect(pair.writer.drain()).toBe(true)
  expect(() => pair.writer.emit('more')).toThrow(/behind its end of input/)
})

test('close gives back what is held privately', () => {
  const pair = new ExchangePair<string>()
  for (const record of texts(0, 33)) pair.writer.emit(record)
  pair.writer.close()
  expect(pair.overflow.usedBytes).toBe(0)
})

/** What each consumer gets of the numbers 0 .. count - 1. */
function shares(pair: ExchangePair<number>, count: number): number[][] {
  for (let i = 0; i < count; i++) pair.writer.emit(i)
  pair.writer.emitElement(END_OF_INPUT)
  return pair.gates.map((_, consumer) => pair.receiveAll(consumer).slice(0, -1) as number[])
}

test('REBALANCE goes round from a random channel', () => {
  const firsts = new Set<number>()
  for (let seed = 0; seed < 40; seed++) {
    const got = shares(new ExchangePair<number>({ partitioning: { ship: 'REBALANCE' }, consumers: 3, seed }), 6)
    const first = got.findIndex((share) => share[0] === 0)
    firsts.add(first)
    expect([0, 1, 2].map((step) => got[(first + step) % 3])).toEqual([
      [0, 3],
      [1, 4],
      [2, 5],
    ])
  }
  expect(firsts).toEqual(new Set([0, 1, 2]))
})

test('RESCALE goes round from its first channel', () => {
  expect(shares(new ExchangePair<number>({ partitioning: { ship: 'RESCALE' }, consumers: 2 }), 5)).toEqual([
    [0, 2, 4],
    [1, 3],
  ])
})

test('BROADCAST reaches every channel and GLOBAL the first', () => {
  expect(shares(new ExchangePair<number>({ partitioning: { ship: 'BROADCAST' }, consumers: 2 }), 2)).toEqual([
    [0, 1],
    [0, 1],
  ])
  expect(shares(new ExchangePair<number>({ partitioning: { ship: 'GLOBAL' }, consumers: 2 }), 2)).toEqual([[0, 1], []])
})

test('SHUFFLE uses every channel and loses nothing', () => {
  const got = shares(new ExchangePair<number>({ partitioning: { ship: 'SHUFFLE' }, consumers: 3 }), 300)
  expect(got.every((share) => share.length > 60)).toBe(true)
  expect(got.flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, i) => i))
})

test('HASH sends each key to the subtask that owns its key group', () => {
  const key = fc.oneof(fc.integer(), fc.string(), fc.double({ noNaN: true }), fc.boolean())
  fc.assert(
    fc.property(fc.array(key, { maxLength: 60, size: 'max' }), fc.integer({ min: 1, max: 5 }), (keys, consumers) => {
      const pair = new ExchangePair<{ key: unknown; at: number }>({
        partitioning: { ship: 'HASH', keySelector: ({ at }) => keys[at], maxParallelism: 128 },
        consumers,
      })
      keys.forEach((_, at) => void pair.writer.emit({ key: null, at }))
      pair.writer.flush()
      const owners = keys.map((value) => subtaskIndexForKeyGroup(keyGroupOf(value, 128), 128, consumers))
      pair.gates.forEach((_, consumer) => {
        const expected = [...keys.keys()].filter((at) => owners[at] === consumer)
        expect(pair.receiveAll(consumer).map((record) => (record as { at: number }).at)).toEqual(expected)
      })
    }),
  )
})

test('CUSTOM asks the partitioner with the key and the number of channels', () => {
  const pair = new ExchangePair<number>({
    partitioning: {
      ship: 'CUSTOM',
      keySelector: (record) => record * 10,
      partitioner: (key, channelCount) => ((key as number) / 10) % channelCount,
    },
    consumers: 2,
  })
  expect(shares(pair, 5)).toEqual([
    [0, 2, 4],
    [1, 3],
  ])
})

test('a key that cannot be one is an error with the record and its cause', () => {
  const failure = (keySelector: (record: unknown) => unknown): ExchangeError => {
    const pair = new ExchangePair<unknown>({ partitioning: { ship: 'HASH', keySelector, maxParallelism: 128 } })
    return thrownBy(() => pair.writer.emit('record 7'))
  }
  const unusable = [undefined, Number.NaN, () => 1].map((key) => failure(() => key))
  expect(unusable.map(({ code, facts }) => [code, facts])).toEqual(
    unusable.map(() => ['KEY_SELECTION_FAILED', { edge: 'the edge "Test" of subtask 0', record: '"record 7"' }]),
  )
  expect(unusable.every(({ cause }) => cause instanceof KeyError)).toBe(true)
  const cause = new TypeError('no such field')
  const thrown = failure(() => {
    throw cause
  })
  expect(thrown.cause).toBe(cause)
  expect(thrown.message).toContain('TypeError: no such field')
})

test('a partitioner that answers no channel is an error with its answer', () => {
  for (const answer of [-1, 2, 0.5, Number.NaN, '0', undefined]) {
    const pair = new ExchangePair<number>({
      partitioning: { ship: 'CUSTOM', keySelector: (record) => record, partitioner: () => answer as number },
      consumers: 2,
    })
    expect(thrownBy(() => pair.writer.emit(1))).toMatchObject({
      code: 'PARTITION_OUT_OF_RANGE',
      facts: { answer, channelCount: 2, record: '1' },
    })
  }
})

test('a partitioner that throws is an error with its cause', () => {
  const cause = new Error('no idea')
  const pair = new ExchangePair<number>({
    partitioning: {
      ship: 'CUSTOM',
      keySelector: (record) => record,
      partitioner: () => {
        throw cause
      },
    },
    consumers: 2,
  })
  expect(thrownBy(() => pair.writer.emit(1))).toMatchObject({ code: 'PARTITIONER_FAILED', cause })
})

function thrownBy(action: () => void): ExchangeError {
  try {
    action()
  } catch (error) {
    if (error instanceof ExchangeError) return error
    throw error
  }
  throw new Error('Nothing was thrown')
}

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ emit: fc.nat({ max: 40 }) }) },
  { weight: 1, arbitrary: fc.record({ emit: fc.integer({ min: 60, max: 500 }) }) },
  { weight: 1, arbitrary: fc.constant('watermark' as const) },
  { weight: 1, arbitrary: fc.constant('flush' as const) },
  { weight: 3, arbitrary: fc.record({ receive: fc.integer({ min: 1, max: 9 }) }) },
  { weight: 2, arbitrary: fc.constant('drain' as const) },
)

test('no loss and no change of order, whatever the sizes and the turns', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 120, size: 'max' }),
      fc.constantFrom(-1, 0, 5),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 0, max: 3 }),
      fc.constantFrom(16, 64, 104),
      (steps, bufferTimeoutMs, exclusiveSegments, floatingSegments, segmentBytes) => {
        const pair = new ExchangePair<string>({ bufferTimeoutMs, exclusiveSegments, floatingSegments, segmentBytes })
        const sent: unknown[] = []
        const received: unknown[] = []
        const gate = pair.gates[0]!
        const receive = (recordsMax: number): void => {
          gate.poll((record) => received.push(record), { stop: false }, recordsMax)
          const arrived = gate.takeElement()
          if (arrived !== undefined) received.push(arrived.element)
        }
        for (const action of steps) {
          if (action === 'flush') pair.writer.flush()
          else if (action === 'drain') pair.writer.drain()
          else if (action === 'watermark') {
            sent.push(watermark(sent.length))
            pair.writer.emitElement(watermark(sent.length - 1))
          } else if ('receive' in action) receive(action.receive)
          else {
            const record = `${sent.length}`.padEnd(action.emit, '.')
            sent.push(record)
            pair.writer.emit(record)
          }
          pair.clock.advanceTo(pair.clock.monotonicMs() + 1)
          pair.writer.flushDue(pair.clock.monotonicMs())
          expect(gate.buffersInUse).toBeLessThanOrEqual(gate.ownedSegments(0))
          expect(gate.ownedSegments(0) + gate.pooledSegments).toBe(exclusiveSegments + floatingSegments)
        }
        pair.writer.emitElement(END_OF_INPUT)
        received.push(...pair.receiveAll())
        expect(received).toEqual([...sent, END_OF_INPUT])
        expect(pair.overflow.usedBytes).toBe(0)
      },
    ),
  )
})
