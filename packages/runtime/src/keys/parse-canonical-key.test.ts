import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalKey } from './canonical-key.ts'
import { keyGroupOf } from './key-group.ts'
import { keyGroupOfCanonical, keyOfCanonical } from './parse-canonical-key.ts'

const leaf = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '\u0000', '\u0000[1]', ',', ']', '1"', '\ud800', '__proto__'),
  fc.boolean(),
  fc.integer(),
  fc.double({ noNaN: true }).map((value) => value + 0),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
)
const { key } = fc.letrec<{ key: unknown }>((tie) => ({
  key: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(fc.oneof(tie('key'), fc.constant(null)), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('__proto__', 'a:b', '{')), tie('key'), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
  ),
}))

test('A key comes back out of its canonical form, and belongs to the same key group', () => {
  fc.assert(
    fc.property(key, (original) => {
      const canonical = canonicalKey(original)
      const parsed = keyOfCanonical(canonical)
      expect(parsed).toStrictEqual(original)
      expect(canonicalKey(parsed)).toBe(canonical)
      expect(keyGroupOfCanonical(canonical, 32_768)).toBe(keyGroupOf(original, 32_768))
    }),
  )
})
