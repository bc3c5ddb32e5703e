import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatDurationMs, parseDurationMs } from './duration.ts'
import { formatMemorySizeBytes, parseMemorySizeBytes } from './memory-size.ts'
import { editDistance } from './nearest-word.ts'

describe('a duration', () => {
  test.each([
    ['100', 100],
    ['100 ms', 100],
    ['100ms', 100],
    ['0', 0],
    ['1 min', 60_000],
    ['2 h', 7_200_000],
    ['3d', 259_200_000],
    ['10 SECONDS', 10_000],
    ['1 us', 1],
    ['PT10S', 10_000],
    ['PT1M30.5S', 90_500],
    ['P1DT1H', 90_000_000],
  ])('reads %s', (text, expected) => expect(parseDurationMs(text)).toBe(expected))

  test.each(['', 'ms', '1.5 s', '-5 ms', '5 fortnights', 'P', 'PT', 'PT5', '5 5'])('does not read "%s"', (text) =>
    expect(parseDurationMs(text)).toBeUndefined(),
  )

  test('reads back what it writes', () =>
    fc.assert(fc.property(fc.nat(), (value) => parseDurationMs(formatDurationMs(value)) === value)))
})

describe('a memory size', () => {
  test.each([
    ['1000', 1000],
    ['32 kb', 32_768],
    ['64mb', 67_108_864],
    ['1g', 1_073_741_824],
    ['2 TB', 2_199_023_255_552],
    ['7 bytes', 7],
    ['7b', 7],
  ])('reads %s', (text, expected) => expect(parseMemorySizeBytes(text)).toBe(expected))

  test.each(['', 'kb', '1.5 mb', '-1', '1 pb', '99999999 tb'])('does not read "%s"', (text) =>
    expect(parseMemorySizeBytes(text)).toBeUndefined(),
  )

  test('reads back what it writes', () =>
    fc.assert(fc.property(fc.maxSafeNat(), (value) => parseMemorySizeBytes(formatMemorySizeBytes(value)) === value)))
})

test('the edit distance counts inserts, deletes, replacements and swaps of neighbours', () => {
  expect(
    ['kitten/sitting', 'ab/ba', 'same/same', '/abc', 'defualt/default'].map((pair) => {
      const [a = '', b = ''] = pair.split('/')
      return editDistance(a, b)
    }),
  ).toEqual([3, 1, 0, 3, 1])
})
