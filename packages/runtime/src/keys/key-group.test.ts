import fc from 'fast-check'
import { expect, test } from 'vitest'
import { flinkMurmurHash } from './flink-murmur-hash.ts'
import { keyGroupOf, subtaskIndexForKeyGroup } from './key-group.ts'
import { keyGroupRangeForSubtask } from './key-group-range.ts'
import { keyHashCode } from './key-hash.ts'
import { defaultMaxParallelism, MAX_PARALLELISM_LIMIT } from './max-parallelism.ts'
import { murmur3Hash32 } from './murmur3.ts'

const maxParallelisms = fc.integer({ min: 1, max: MAX_PARALLELISM_LIMIT })
const scales = maxParallelisms.chain((maxParallelism) =>
  fc.record({ maxParallelism: fc.constant(maxParallelism), parallelism: fc.integer({ min: 1, max: maxParallelism }) }),
)
const primitives = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.boolean(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
)
const keys = fc.oneof(
  primitives,
  fc.array(primitives, { maxLength: 4 }),
  fc.dictionary(fc.string(), primitives, { maxKeys: 4 }),
)

test('keyGroupOf answers a key group within the max parallelism, and the same one each time', () => {
  fc.assert(
    fc.property(keys, maxParallelisms, (key, maxParallelism) => {
      const keyGroup = keyGroupOf(key, maxParallelism)
      expect(Number.isInteger(keyGroup) && keyGroup >= 0 && keyGroup < maxParallelism).toBe(true)
      expect(keyGroupOf(structuredClone(key), maxParallelism)).toBe(keyGroup)
    }),
  )
})

test('keyGroupOf has the same hash on its fast branches as keyHashCode', () => {
  fc.assert(
    fc.property(primitives, (key) => {
      expect(keyGroupOf(key, MAX_PARALLELISM_LIMIT)).toBe(flinkMurmurHash(keyHashCode(key)) % MAX_PARALLELISM_LIMIT)
    }),
  )
})

test('keyHashCode hashes the UTF-8 bytes of a composite key, however long and in whatever script', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', 'é', '語', '😀'), size: 'medium' })), (key) => {
      const bytes = new TextEncoder().encode(`[${key.map((text) => `${text.length}"${text}`).join(',')}]`)
      expect(keyHashCode(key)).toBe(murmur3Hash32(bytes))
    }),
  )
  expect(keyHashCode(['a'.repeat(300)])).toBe(murmur3Hash32(new TextEncoder().encode(`[300"${'a'.repeat(300)}]`)))
})

test('the key group ranges of all subtasks cover every key group once, in order', () => {
  fc.assert(
    fc.property(scales, ({ maxParallelism, parallelism }) => {
      let next = 0
      for (let index = 0; index < parallelism; index++) {
        const { start, end } = keyGroupRangeForSubtask(index, maxParallelism, parallelism)
        if (start !== next || end < start) expect.fail(`subtask ${index} has ${start}..${end} after ${next - 1}`)
        next = end + 1
      }
      expect(next).toBe(maxParallelism)
    }),
  )
})

test('a key group belongs to the subtask in whose range it lies', () => {
  const places = scales.chain((scale) =>
    fc.record({ scale: fc.constant(scale), keyGroup: fc.integer({ min: 0, max: scale.maxParallelism - 1 }) }),
  )
  fc.assert(
    fc.property(places, ({ scale: { maxParallelism, parallelism }, keyGroup }) => {
      const index = subtaskIndexForKeyGroup(keyGroup, maxParallelism, parallelism)
      const { start, end } = keyGroupRangeForSubtask(index, maxParallelism, parallelism)
      expect(start <= keyGroup && keyGroup <= end).toBe(true)
    }),
  )
})

test('keyGroupRangeForSubtask refuses a subtask that does not exist', () => {
  expect(() => keyGroupRangeForSubtask(4, 128, 4)).toThrow('No key groups for subtask 4 of 4')
  expect(() => keyGroupRangeForSubtask(0, 2, 4)).toThrow('No key groups for subtask 0 of 4 with max parallelism 2')
})

test.each([
  [1, 128],
  [85, 128],
  [86, 256],
  [170, 256],
  [171, 256],
  [172, 512],
  [21_846, 32_768],
  [32_768, 32_768],
])('defaultMaxParallelism of %i is %i', (parallelism, expected) => {
  expect(defaultMaxParallelism(parallelism)).toBe(expected)
})
