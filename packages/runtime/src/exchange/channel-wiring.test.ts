import fc from 'fast-check'
import { expect, test } from 'vitest'
import { wireChannels } from './channel-wiring.ts'

const parallelism = fc.integer({ min: 1, max: 40 })

test('ALL_TO_ALL joins every producer with every consumer', () => {
  expect(wireChannels('ALL_TO_ALL', 2, 3)).toEqual({
    outputs: [
      [
        { consumerIndex: 0, channelIndex: 0 },
        { consumerIndex: 1, channelIndex: 0 },
        { consumerIndex: 2, channelIndex: 0 },
      ],
      [
        { consumerIndex: 0, channelIndex: 1 },
        { consumerIndex: 1, channelIndex: 1 },
        { consumerIndex: 2, channelIndex: 1 },
      ],
    ],
    inputs: [
      [0, 1],
      [0, 1],
      [0, 1],
    ],
  })
})

test('POINTWISE at equal parallelism is one to one', () => {
  expect(wireChannels('POINTWISE', 3, 3)).toEqual({
    outputs: [0, 1, 2].map((consumerIndex) => [{ consumerIndex, channelIndex: 0 }]),
    inputs: [[0], [1], [2]],
  })
})

test('POINTWISE from many gathers neighbours, as Flink does', () => {
  expect(wireChannels('POINTWISE', 5, 2).inputs).toEqual([
    [0, 1],
    [2, 3, 4],
  ])
})

test('POINTWISE to many spreads neighbours and rotates their channels, as Flink does', () => {
  const { outputs, inputs } = wireChannels('POINTWISE', 3, 7)
  expect(inputs.map(([producer]) => producer)).toEqual([0, 0, 0, 1, 1, 2, 2])
  expect(outputs.map((targets) => targets.map((target) => target.consumerIndex))).toEqual([
    [0, 1, 2],
    [4, 3],
    [6, 5],
  ])
})

test('POINTWISE reaches every subtask, evenly, and joins only neighbours', () => {
  fc.assert(
    fc.property(parallelism, parallelism, (producers, consumers) => {
      const { outputs, inputs } = wireChannels('POINTWISE', producers, consumers)
      const share = Math.max(producers, consumers) / Math.min(producers, consumers)
      const many = producers > consumers ? inputs : outputs
      const few = producers > consumers ? outputs : inputs
      expect(many.every(({ length }) => length === Math.floor(share) || length === Math.ceil(share))).toBe(true)
      expect(few.every(({ length }) => length === 1)).toBe(true)
      expect(inputs.flat()).toEqual(inputs.flat().toSorted((a, b) => a - b))
    }),
  )
})

test('outputs and inputs tell the same channels', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('POINTWISE', 'ALL_TO_ALL'),
      parallelism,
      parallelism,
      (pattern, producers, consumers) => {
        const { outputs, inputs } = wireChannels(pattern, producers, consumers)
        const fromOutputs = outputs.flatMap((targets, producer) =>
          targets.map(({ consumerIndex, channelIndex }) => `${producer} -> ${consumerIndex}.${channelIndex}`),
        )
        const fromInputs = inputs.flatMap((channels, consumer) =>
          channels.map((producer, channel) => `${producer} -> ${consumer}.${channel}`),
        )
        expect(fromOutputs.toSorted()).toEqual(fromInputs.toSorted())
      },
    ),
  )
})
