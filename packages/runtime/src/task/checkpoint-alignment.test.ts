import { describe, expect, test } from 'vitest'
import type { CheckpointBarrier } from '../record/stream-element.ts'
import { SimulatedClock } from '../testing/simulated-clock.ts'
import { type AlignedInput, CheckpointAlignment } from './checkpoint-alignment.ts'

const barrier = (checkpointId: number): CheckpointBarrier => ({
  kind: 'barrier',
  checkpointId,
  timestampMs: 0,
  isDrain: false,
})

/** Two inputs: one with two channels, one with one. */
class Inputs {
  readonly clock = new SimulatedClock()
  /** `input/channel` of those that are blocked. */
  readonly blocked = new Set<string>()
  readonly alignment: CheckpointAlignment

  constructor(mode: 'EXACTLY_ONCE' | 'AT_LEAST_ONCE' = 'EXACTLY_ONCE') {
    const input = (i: number, channelCount: number): AlignedInput => ({
      channelCount,
      block: (channel) => this.blocked.add(`${i}/${channel}`),
      unblock: (channel) => this.blocked.delete(`${i}/${channel}`),
    })
    this.alignment = new CheckpointAlignment([input(0, 2), input(1, 1)], mode, this.clock)
  }

  /** Answers the id of the checkpoint that this aligns. */
  barrier(input: number, channel: number, id: number): number | undefined {
    return this.alignment.onBarrier(input, channel, barrier(id))?.barrier.checkpointId
  }

  end(input: number, channel: number): number | undefined {
    return this.alignment.onEnd(input, channel)?.barrier.checkpointId
  }
}

describe('Exactly-once', () => {
  test('blocks each channel behind its barrier until the last has come, then frees all', () => {
    const inputs = new Inputs()
    expect([inputs.barrier(0, 0, 1), inputs.barrier(1, 0, 1)]).toEqual([undefined, undefined])
    expect([...inputs.blocked]).toEqual(['0/0', '1/0'])
    expect(inputs.barrier(0, 1, 1)).toBe(1)
    expect([...inputs.blocked]).toEqual([])
  })

  test('measures the time from the first barrier to the last', () => {
    const inputs = new Inputs()
    inputs.barrier(0, 0, 1)
    const firstBarrierMs = inputs.clock.now()
    inputs.clock.advanceTo(30)
    inputs.barrier(0, 1, 1)
    expect(inputs.alignment.onBarrier(1, 0, barrier(1))).toEqual({
      barrier: barrier(1),
      firstBarrierMs,
      alignmentMs: 30,
    })
  })

  test('a channel that has ended counts as arrived', () => {
    const inputs = new Inputs()
    inputs.end(0, 0)
    inputs.barrier(0, 1, 1)
    expect(inputs.barrier(1, 0, 1)).toBe(1)
    inputs.barrier(1, 0, 2)
    expect(inputs.end(0, 1)).toBe(2)
    expect([...inputs.blocked]).toEqual([])
    expect([inputs.alignment.allEnded, inputs.end(1, 0), inputs.alignment.allEnded]).toEqual([false, undefined, true])
  })

  test('an abort frees the channels; barriers of that checkpoint that still come are ignored', () => {
    const inputs = new Inputs()
    inputs.barrier(0, 0, 1)
    inputs.alignment.abort(1)
    expect([...inputs.blocked]).toEqual([])
    expect([inputs.barrier(0, 1, 1), inputs.barrier(1, 0, 1), inputs.blocked.size]).toEqual([undefined, undefined, 0])
    expect([inputs.barrier(0, 0, 2), inputs.barrier(0, 1, 2), inputs.barrier(1, 0, 2)]).toEqual([
      undefined,
      undefined,
      2,
    ])
  })

  test('an abort may come before the first barrier', () => {
    const inputs = new Inputs()
    inputs.alignment.abort(1)
    expect([inputs.barrier(0, 0, 1), inputs.blocked.size]).toEqual([undefined, 0])
  })

  test('a newer barrier takes the place of a checkpoint that was given up, whose abort is still on its way', () => {
    const inputs = new Inputs()
    inputs.barrier(0, 0, 1)
    inputs.barrier(1, 0, 2)
    expect([...inputs.blocked]).toEqual(['1/0'])
    expect([inputs.barrier(0, 0, 2), inputs.barrier(0, 1, 2)]).toEqual([undefined, 2])
  })

  test('a stale barrier is ignored', () => {
    const inputs = new Inputs()
    for (const [input, channel] of [
      [0, 0],
      [0, 1],
      [1, 0],
    ] as const)
      inputs.barrier(input, channel, 5)
    expect([inputs.barrier(0, 0, 4), inputs.barrier(0, 0, 5), inputs.blocked.size]).toEqual([undefined, undefined, 0])
  })
})

describe('At-least-once', () => {
  test('counts barriers and blocks nothing, several checkpoints at a time', () => {
    const inputs = new Inputs('AT_LEAST_ONCE')
    inputs.barrier(0, 0, 1)
    inputs.barrier(0, 0, 2)
    inputs.barrier(0, 1, 1)
    expect([inputs.barrier(1, 0, 1), inputs.blocked.size]).toEqual([1, 0])
    inputs.barrier(0, 1, 2)
    expect(inputs.barrier(1, 0, 2)).toBe(2)
  })

  test('a channel that ends behind its barrier is counted once', () => {
    const inputs = new Inputs('AT_LEAST_ONCE')
    inputs.barrier(0, 0, 1)
    expect(inputs.end(0, 0)).toBeUndefined()
    expect([inputs.barrier(0, 1, 1), inputs.barrier(1, 0, 1)]).toEqual([undefined, 1])
  })
})
