import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyValue } from './testing/arbitrary-record.ts'
import { isExactCopy } from './testing/exact.ts'
import { TypeRegistry } from './type-registry.ts'
import { ValueCopier } from './value-copier.ts'

class Point {
  x = 0
  tags: string[] = []
}
class Money {
  readonly cents: bigint
  constructor(cents: bigint) {
    this.cents = cents
  }
}
const registry = new TypeRegistry()
registry.register(Point, { name: 'point' })
registry.register(Money, {
  name: 'money',
  encode: (money) => money.cents,
  decode: (plain) => new Money(plain as bigint),
})
const copier = new ValueCopier({ registry, attempt: () => 'Cannot keep a value of state "total"' })

describe('A copy', () => {
  test('is exact for every value that may leave its thread', () => {
    fc.assert(
      fc.property(anyValue(), (value) => {
        expect(isExactCopy(value, copier.copyIn(value))).toBe(true)
        expect(isExactCopy(value, copier.copyOut(value))).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  test('shares nothing that can be changed', () => {
    const original = { list: [{ n: 1 }], map: new Map([['k', { n: 1 }]]), date: new Date(0), point: new Point() }
    const copy = copier.copyIn(original)
    copy.list[0]!.n = 2
    copy.map.get('k')!.n = 2
    copy.date.setTime(9)
    copy.point.tags.push('changed')
    expect(original).toEqual({
      list: [{ n: 1 }],
      map: new Map([['k', { n: 1 }]]),
      date: new Date(0),
      point: new Point(),
    })
  })

  test('of a registered class is one of its instances', () => {
    const copy = copier.copyOut({ point: Object.assign(new Point(), { x: 3 }), money: new Money(5n) })
    expect(copy).toStrictEqual({ point: Object.assign(new Point(), { x: 3 }), money: new Money(5n) })
  })

  test('of what cannot be kept is refused by name and place', () => {
    const cycle: { self?: unknown } = {}
    cycle.self = cycle
    expect(() => copier.copyIn({ a: [() => 1] })).toThrow('Cannot keep a value of state "total": `a[0]` is a function')
    expect(() => copier.copyIn(cycle)).toThrow('contains itself')
    expect(() => copier.copyIn(/x/)).toThrow('is an instance of class RegExp')
    expect(new ValueCopier({ keepsForeign: true }).copyIn({ a: /x/ })).toEqual({ a: /x/ })
  })
})
