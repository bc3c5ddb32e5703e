// One of two threads that exchange records over one gate, with nothing between them but the gate and two doorbells.

import { parentPort, workerData } from 'node:worker_threads'
import { SystemClock } from '../../../packages/runtime/src/base/clock.ts'
import { SeededRandom } from '../../../packages/runtime/src/base/random.ts'
import { SharedDoorbell } from '../../../packages/runtime/src/exchange/doorbell.ts'
import type { GateMemory } from '../../../packages/runtime/src/exchange/gate-memory.ts'
import { InputGate } from '../../../packages/runtime/src/exchange/input-gate.ts'
import { OverflowBudget } from '../../../packages/runtime/src/exchange/overflow-budget.ts'
import { RecordWriter } from '../../../packages/runtime/src/exchange/record-writer.ts'
import { END_OF_INPUT } from '../../../packages/runtime/src/record/stream-element.ts'
import { JsonSegmentCodec } from '../../../packages/runtime/src/testing/exchange/json-segment-codec.ts'

export interface ExchangeThreadTask {
  readonly role: 'producer' | 'consumer'
  readonly memory: GateMemory
  readonly producerBell: Int32Array
  readonly consumerBell: Int32Array
  readonly records: number
  readonly bufferTimeoutMs: number
}

export interface ExchangeThreadResult {
  readonly records: number
  readonly waits: number
}

/** Far beyond any wake-up on a busy machine. */
const LOST_AFTER_MS = 20_000

const task = workerData as ExchangeThreadTask
const codec = new JsonSegmentCodec<number>()
const producerDoorbell = new SharedDoorbell(task.producerBell)
const consumerDoorbell = new SharedDoorbell(task.consumerBell)
const clock = new SystemClock()
let waits = 0

async function wait(doorbell: SharedDoorbell, seen: number, dueMs: number): Promise<void> {
  waits++
  const leftMs = Math.min(Math.max(0, dueMs - clock.monotonicMs()), LOST_AFTER_MS)
  const sinceMs = clock.monotonicMs()
  await doorbell.waitAsync(seen, leftMs)
  // A wait may end early though nothing is new: who rang was held up between raising the bell, which we had seen, and waking.
  if (doorbell.read() !== seen || clock.monotonicMs() - sinceMs < LOST_AFTER_MS) return
  throw new Error(`The ${task.role} was never woken`)
}

async function produce(): Promise<number> {
  const availability = { stop: false }
  const writer = new RecordWriter<number>({
    channels: [{ memory: task.memory, channelIndex: 0, consumerDoorbell }],
    partitioning: { ship: 'FORWARD' },
    codec,
    bufferTimeoutMs: task.bufferTimeoutMs,
    clock,
    random: new SeededRandom(1),
    availability,
    overflow: new OverflowBudget(1_000_000),
    describe: () => 'the edge between two threads',
  })
  for (let next = 0, ended = false; ; ) {
    const seen = producerDoorbell.read()
    availability.stop = !writer.drain()
    if (ended && !availability.stop) return next
    while (!availability.stop && next < task.records) writer.emit(next++)
    if (next === task.records && !ended) {
      writer.emitElement(END_OF_INPUT)
      ended = true
    } else await wait(producerDoorbell, seen, writer.flushDue(clock.monotonicMs()))
  }
}

async function consume(): Promise<number> {
  const gate = new InputGate<number>({ memory: task.memory, codec, producerDoorbells: [producerDoorbell] })
  let expected = 0
  const onRecord = (record: number): void => {
    if (record !== expected) throw new Error(`Record ${record} came where ${expected} was next`)
    expected++
  }
  while (!gate.isFinished) {
    const seen = consumerDoorbell.read()
    const count = gate.poll(onRecord, { stop: false }, 1000)
    if (count === 0 && gate.takeElement() === undefined) {
      await wait(consumerDoorbell, seen, Number.POSITIVE_INFINITY)
    }
  }
  return expected
}

// A waiting promise alone would let the thread end.
const keepAlive = setInterval(() => {}, 1_000)
const records = await (task.role === 'producer' ? produce() : consume())
clearInterval(keepAlive)
parentPort!.postMessage({ records, waits } satisfies ExchangeThreadResult)
