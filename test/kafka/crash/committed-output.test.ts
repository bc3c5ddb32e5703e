// What the crash tests would say if there was something to say.
import { expect, test } from 'vitest'
import { endMark, violations } from './committed-output.ts'
import type { InputShape } from './numbered-input.ts'

const shape: InputShape = { partitions: 2, keysPerPartition: 1, recordsPerKey: 3 }

/** As Kafka's console consumer prints two partitions. */
function printed(first: readonly string[], second: readonly string[]): string {
  const lines = (partition: number, all: readonly string[]) =>
    all.map((text, offset) => `Partition:${partition}\tOffset:${offset}\t${text}\n`).join('')
  return lines(1, second) + lines(0, first)
}

const key0 = ['key-0000\t1 1', 'key-0000\t2 2', 'key-0000\t3 3']
const key1 = ['key-0001\t1 1', 'key-0001\t2 2', 'key-0001\t3 3']
const end = `null\t${endMark}`

test('Output that has each record once and in order is right', () => {
  expect(violations(printed([...key0, end], [...key1, end]), shape)).toEqual([])
})

test.each([
  [
    'a lost record',
    [key0[0]!, key0[2]!, end],
    ['lost: key-0000 2 (between Partition:0 Offset:0 and Partition:0 Offset:1)'],
  ],
  [
    'a doubled record',
    [...key0, key0[1]!, end],
    ['doubled: key-0000 2 (Partition:0 Offset:1 and Partition:0 Offset:3)'],
  ],
  [
    'records out of order',
    [key0[0]!, key0[2]!, key0[1]!, end],
    ['disordered: key-0000 2 behind 3 (Partition:0 Offset:2)'],
  ],
  [
    'wrong state',
    [...key0.slice(0, 2), 'key-0000\t3 2', end],
    ['miscounted: key-0000 3 was counted as 2 (Partition:0 Offset:2)'],
  ],
  [
    'a record of another key',
    [...key0, 'key-0002\t1 1', end],
    ['unreadable: a key that is not in the input: key-0002'],
  ],
  ['an end that was not read', [...key0], ['it was read to the end of 1 of 2 partitions']],
])('It is told of %s', (_, first, expected) => {
  expect(violations(printed(first, [...key1, end]), shape)).toEqual(expected)
})

test('It is told of a key in two partitions', () => {
  expect(violations(printed([...key0, key1[2]!, end], [...key1.slice(0, 2), end]), shape)).toEqual([
    'misplaced: key-0001 3 (Partition:0 Offset:3), others in Partition:1',
  ])
})
