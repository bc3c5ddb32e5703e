import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalKey } from './canonical-key.ts'
import { KeyError } from './key-error.ts'
import { keyGroupOf } from './key-group.ts'

const leaves = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.boolean(),
  fc.double({ noNaN: true }),
  fc.integer(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
)
const { composite } = fc.letrec<{ field: unknown; composite: object }>((tie) => ({
  field: fc.oneof({ maxDepth: 3, withCrossShrink: true }, leaves, fc.constant(null), tie('composite')),
  composite: fc.oneof(
    fc.array(tie('field'), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie('field'), { maxKeys: 4, noNullPrototype: false }),
  ),
}))

test('canonicalKey keeps primitives, and makes -0 the same as 0', () => {
  expect(['a', '', 1, 1.5, -0, 7n, true].map(canonicalKey)).toEqual(['a', '', 1, 1.5, 0, 7n, true])
})

test('canonicalKey and the key group do not depend on the order of properties, at any depth', () => {
  fc.assert(
    fc.property(composite, (key) => {
      const reordered = withPropertiesReversed(key)
      expect(canonicalKey(reordered)).toBe(canonicalKey(key))
      expect(keyGroupOf(reordered, 32_768)).toBe(keyGroupOf(key, 32_768))
    }),
  )
})

test('canonicalKey gives different keys different forms', () => {
  const keys = fc.oneof(leaves, composite)
  fc.assert(
    fc.property(keys, keys, (a, b) => {
      expect(canonicalKey(a) === canonicalKey(b)).toBe(sameKey(a, b))
    }),
  )
  const alike = ['[1,2]', [1, 2], ['1,2'], [[1], 2], [1, [2]], { 0: 1, 1: 2 }, canonicalKey([1, 2]), [1n, 2]]
  const types = [['1'], [1], [1n], [true], ['true'], [null], ['null'], [], [[]], {}, [{}], { a: 1 }, { 'a:1': 1 }]
  const forms = [...alike, ...types].map(canonicalKey)
  expect(new Set(forms).size).toBe(forms.length)
})

test('keyGroupOf spreads composite keys', () => {
  const seen = new Set<number>()
  for (let id = 0; id < 2_000; id++) seen.add(keyGroupOf({ id, region: 'eu' }, 128))
  expect(seen.size).toBe(128)
})

class User {
  readonly name = 'ann'
}
const nestedForever: unknown[] = []
nestedForever.push(nestedForever)

test.each([
  [undefined, 'Cannot use undefined as a key: the key selector must return a value for every record'],
  [null, 'Cannot use null as a key: return a value that stands for "none"'],
  [Number.NaN, 'Cannot use NaN as a key'],
  [() => 'ann', 'Cannot use a function as a key: return the value that it computes'],
  [Symbol('ann'), 'Cannot use a symbol as a key'],
  [new User(), 'Cannot use an instance of User as a key: return its identifying fields'],
  [new Date(0), 'Cannot use a Date as a key: return its time in milliseconds'],
  [new Map(), 'Cannot use an instance of Map as a key'],
  [new Uint8Array(2), 'Cannot use a Uint8Array as a key'],
  [Promise.resolve('ann'), 'Cannot use a promise as a key: a key selector must return the key itself'],
  [2n ** 63n, 'Cannot use 9223372036854775808n as a key: bigint keys are 64-bit integers'],
  [['a', { user: undefined }], 'Cannot use undefined as a key (at [1].user of the key)'],
  [{ at: { time: Number.NaN } }, 'Cannot use NaN as a key (at .at.time of the key)'],
  [[new User()], 'Cannot use an instance of User as a key (at [0] of the key)'],
  [nestedForever, 'keys may be nested 16 levels deep and hold no cycles'],
] as const)('%o cannot be a key, neither for a key group nor for a map: %s', (key, message) => {
  for (const use of [() => canonicalKey(key), () => keyGroupOf(key, 128)]) {
    expect(use).toThrow(KeyError)
    expect(use).toThrow(message)
  }
})

function withPropertiesReversed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(withPropertiesReversed)
  const entries = Object.entries(value).reverse()
  // Object.fromEntries defines own properties, also one called __proto__.
  return Object.fromEntries(entries.map(([name, field]) => [name, withPropertiesReversed(field)]))
}

/** Equality of keys, said another way: by structure. */
function sameKey(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return typeof a === 'number' && typeof b === 'number' ? a === b : Object.is(a, b)
  }
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b)) return false
    return a.length === b.length && a.every((value, i) => sameKey(value, b[i]))
  }
  const names = Object.keys(a)
  const field = (object: object, name: string): unknown => Object.getOwnPropertyDescriptor(object, name)?.value
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && sameKey(field(a, name), field(b, name)))
  )
}
