import { expect, test } from 'vitest'
import type { SegmentView } from '../record/segment-codec.ts'
import type { ControlElement } from '../record/stream-element.ts'
import { JsonSegmentDecoder } from '../testing/exchange/json-segment-codec.ts'
import { preempt, simulateExchange } from '../testing/exchange/simulated-exchange.ts'
import type { LoopFlaws } from '../testing/exchange/simulated-subtask.ts'
import { ChannelReceiver } from './channel-receiver.ts'
import { ChannelSender } from './channel-sender.ts'
import { InputGate } from './input-gate.ts'
import { OutputChannel } from './output-channel.ts'
import { OverflowBudget } from './overflow-budget.ts'

const SEEDS = 300
/** Each mutant must show itself within so many seeds. */
const MUTANT_SEEDS = 60

test(`nothing is lost, reordered or stuck over ${SEEDS} seeds`, () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    const failure = failureOf(seed)
    if (failure !== undefined) throw new Error(`Seed ${seed}`, { cause: failure })
  }
})

test('a seed tells the same story each time', () => {
  const flaws = { openSegmentNotCounted: true, inputTakenWhileStopped: true }
  const tell = () => Array.from({ length: 20 }, (_, seed) => String(failureOf(seed, flaws)))
  expect(tell()).toEqual(tell())
})

const loopFlaws: readonly LoopFlaws[] = [
  { bellReadAfterVisit: true },
  { inputTakenWhileStopped: true },
  { overflowDrainedOnlyWithInput: true },
  { finishedWithOverflow: true },
  { timeoutsIgnored: true },
  { openSegmentNotCounted: true },
  { consumersNotRung: true },
  { barriersNotAligned: true },
]

for (const flaws of loopFlaws) {
  test(`a loop with ${Object.keys(flaws)[0]} is found out`, () => {
    expect(seedThatFails(flaws)).toBeLessThan(MUTANT_SEEDS)
  })
}

/** Breaks one method, and answers how to mend it. */
function replace<C extends object, K extends keyof C>(target: C, method: K, by: (original: C[K]) => C[K]): () => void {
  const original = target[method]
  target[method] = by(original)
  return () => {
    target[method] = original
  }
}

function everyNth(n: number): () => boolean {
  let calls = 0
  return () => ++calls % n === 0
}

const mutants: Readonly<Record<string, () => () => void>> = {
  'new work that overtakes the overflow': () =>
    replace(
      OutputChannel.prototype,
      'maySendDirectly',
      () =>
        function (this: OutputChannel<unknown>) {
          return this.sender.hasCredit()
        },
    ),
  'a barrier or an end that waits for its segment to fill up': () => {
    const held = new WeakMap<OutputChannel<unknown>, ControlElement>()
    const mendElement = replace(
      OutputChannel.prototype,
      'sendElement',
      (original) =>
        function (this: OutputChannel<unknown>, element: ControlElement) {
          if (element.kind !== 'watermark' && this.encoder.recordCount > 0) held.set(this, element)
          else original.call(this, element)
        },
    )
    const mendWrite = replace(
      OutputChannel.prototype,
      'writeSlow',
      (original) =>
        function (this: OutputChannel<unknown>, record: unknown) {
          const element = held.get(this)
          held.delete(this)
          if (element !== undefined) this.sendElement(element)
          original.call(this, record)
        },
    )
    return () => {
      mendElement()
      mendWrite()
    }
  },
  'a credit that is lost': () => {
    const lost = everyNth(7)
    return replace(
      ChannelReceiver.prototype,
      'give',
      (original) =>
        function (this: ChannelReceiver, segmentIndex: number) {
          if (!lost()) original.call(this, segmentIndex)
        },
    )
  },
  'a credit that is given twice': () => {
    const doubled = everyNth(7)
    return replace(
      ChannelReceiver.prototype,
      'give',
      (original) =>
        function (this: ChannelReceiver, segmentIndex: number) {
          original.call(this, segmentIndex)
          if (doubled()) original.call(this, segmentIndex)
        },
    )
  },
  'a backlog that nobody hears of': () => replace(ChannelSender.prototype, 'announceBacklog', () => () => {}),
  'a reader that does not stop within a segment': () =>
    replace(
      JsonSegmentDecoder.prototype,
      'read',
      (original) =>
        function (this: JsonSegmentDecoder<unknown>, onRecord, _availability, recordsMax) {
          return original.call(this, onRecord, { stop: false }, recordsMax)
        },
    ),
  'a flush that is forgotten when there is no credit': () =>
    replace(
      OutputChannel.prototype,
      'flush',
      (original) =>
        function (this: OutputChannel<unknown>) {
          if (this.isAvailable()) original.call(this)
        },
    ),
  'an element read past': () =>
    replace(
      InputGate.prototype,
      'takeElement',
      (original) =>
        function (this: InputGate<unknown>) {
          const arrived = original.call(this)
          return arrived?.element.kind === 'barrier' ? undefined : arrived
        },
    ),
  'a private segment that is handed out while it is in use': () => {
    let only: SegmentView | undefined
    return replace(
      OverflowBudget.prototype,
      'takeSegment',
      (original) =>
        function (this: OverflowBudget, segmentBytes: number) {
          const taken = original.call(this, segmentBytes)
          if (only?.bytes.length !== segmentBytes) only = taken
          return only
        },
    )
  },
}

for (const [name, breakIt] of Object.entries(mutants)) {
  test(`${name} is found out`, () => {
    expect(withMutant(breakIt, () => seedThatFails({}))).toBeLessThan(MUTANT_SEEDS)
  })
}

/** Lets other workers go on where a producer announces that it waits, and where a consumer has returned a credit. */
function preemptWaits(): () => void {
  const mendAnnounce = replace(
    ChannelSender.prototype,
    'announceBacklog',
    (original) =>
      function (this: ChannelSender, segments: number) {
        preempt()
        original.call(this, segments)
        preempt()
      },
  )
  const mendGive = replace(
    ChannelReceiver.prototype,
    'give',
    (original) =>
      function (this: ChannelReceiver, segmentIndex: number) {
        preempt()
        original.call(this, segmentIndex)
        preempt()
      },
  )
  return () => {
    mendAnnounce()
    mendGive()
  }
}

test(`no wake-up is lost between announcing a wait and returning a credit, over ${SEEDS} seeds`, () => {
  withMutant(preemptWaits, () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const failure = failureOf(seed)
      if (failure !== undefined) throw new Error(`Seed ${seed}`, { cause: failure })
    }
  })
})

test('a wait that is announced after the last look at the credit is found out, by preemption only', () => {
  const announceLate = () => {
    let draining = false
    const mendDrain = replace(
      OutputChannel.prototype,
      'drain',
      (original) =>
        function (this: OutputChannel<unknown>) {
          draining = true
          const available = original.call(this)
          draining = false
          return available
        },
    )
    const mendAnnounce = replace(
      ChannelSender.prototype,
      'announceBacklog',
      (original) =>
        function (this: ChannelSender, segments: number) {
          if (draining) original.call(this, segments)
        },
    )
    return () => {
      mendAnnounce()
      mendDrain()
    }
  }
  expect(withMutant(announceLate, () => seedThatFails({}))).toBe(MUTANT_SEEDS)
  const seed = withMutant(preemptWaits, () => withMutant(announceLate, () => seedThatFails({})))
  expect(seed).toBeLessThan(MUTANT_SEEDS)
})

function withMutant<R>(breakIt: () => () => void, action: () => R): R {
  const mend = breakIt()
  try {
    return action()
  } finally {
    mend()
  }
}

function seedThatFails(flaws: LoopFlaws): number {
  for (let seed = 0; seed < MUTANT_SEEDS; seed++) if (failureOf(seed, flaws) !== undefined) return seed
  return MUTANT_SEEDS
}

function failureOf(seed: number, flaws: LoopFlaws = {}): unknown {
  try {
    simulateExchange(seed, flaws)
    return undefined
  } catch (error) {
    return error
  }
}
