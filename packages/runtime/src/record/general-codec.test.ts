import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createGeneralCodec } from './general-codec.ts'
import { RecordError } from './record-error.ts'
import { anyValue } from './testing/arbitrary-record.ts'
import { isExactCopy } from './testing/exact.ts'
import { TypeRegistry } from './type-registry.ts'

const codec = createGeneralCodec()
const roundTrip = (value: unknown): unknown => codec.decode(codec.encode(value).slice())

function errorOf(action: () => unknown): { code: string; path: unknown; message: string } {
  try {
    action()
  } catch (error) {
    if (error instanceof RecordError) return { code: error.code, path: error.facts.path, message: error.message }
    throw error
  }
  throw new Error('expected a RecordError')
}

const refusal = (value: unknown): [string, unknown] => {
  const { code, path } = errorOf(() => codec.encode(value))
  return [code, path]
}

describe('The general codec', () => {
  test('keeps every value that may leave its thread exactly', () => {
    fc.assert(
      fc.property(anyValue(), (value) => {
        expect(isExactCopy(value, roundTrip(value))).toBe(true)
      }),
      { numRuns: 200 },
    )
  })

  test('keeps the values that other codecs change', () => {
    const sparse: unknown[] = Object.assign([1], { 2: undefined, length: 5 })
    const values = [
      -0,
      Number.NaN,
      -Infinity,
      2 ** 31,
      -(2n ** 63n),
      2n ** 63n,
      -(2n ** 200n),
      '\ud800x\udfff',
      'ÿ',
      'Ā',
      sparse,
      Object.assign([], { length: 4_000_000_000 }),
      JSON.parse('{"__proto__": {"a": 1}, "b": 2}'),
      Object.assign(Object.create(null), { z: 1, a: 2, 1: 3 }),
      new Map<unknown, unknown>([
        [Number.NaN, -0],
        [{ a: 1 }, new Set([[1]])],
      ]),
      new Date(Number.NaN),
      new Date(-1),
      Buffer.from('abc'),
      new Uint8Array([1, 2, 3]).subarray(1),
      new Float32Array([1.5, -0]),
      new ArrayBuffer(3),
      new DataView(new ArrayBuffer(4), 1, 2),
    ]
    expect(values.map((value) => isExactCopy(value, roundTrip(value)))).toEqual(values.map(() => true))
  })

  test('duplicates what is referred to twice', () => {
    const shared = { a: 1 }
    const [first, second] = roundTrip([shared, shared]) as [object, object]
    expect([first, second, first === second]).toEqual([{ a: 1 }, { a: 1 }, false])
  })

  test('refuses what could not arrive, and names the place', () => {
    class Order {
      id = 1
    }
    const cyclic: { next: { back?: unknown } } = { next: {} }
    cyclic.next.back = cyclic
    const hidden = Object.defineProperty({}, 'h', { value: 1, enumerable: false })
    expect({
      callback: refusal({ order: { items: [0, 1, 2, { callback: () => 0 }] } }),
      itself: refusal(() => 0),
      symbol: refusal({ 'odd key': Symbol('s') }),
      symbolKey: refusal({ a: { [Symbol('s')]: 1 } }),
      getter: refusal({ a: { get b() { return 1 } } }), // biome-ignore format: one line
      hidden: refusal({ a: hidden }),
      instance: refusal({ order: new Order() }),
      regExp: refusal([/x/]),
      error: refusal({ e: new Error('x') }),
      promise: refusal({ p: Promise.resolve(1) }),
      weakMap: refusal({ w: new WeakMap() }),
      shared: refusal({ s: new SharedArrayBuffer(1) }),
      cycle: refusal(cyclic),
      mapValue: refusal(new Map([['k', { f: () => 0 }]])),
      mapKey: refusal({ m: new Map([[() => 0, 1]]) }),
      setValue: refusal({ s: new Set([Symbol.iterator]) }),
      namedOfArray: refusal({ match: 'abc'.match(/b/) }),
      pinnedOnMap: refusal(Object.assign(new Map(), { extra: 1 })),
      boxed: refusal({ n: Object(1) }),
      inherited: refusal(Object.create({ a: 1 })),
    }).toEqual({
      callback: ['UNSUPPORTED_VALUE', 'order.items[3].callback'],
      itself: ['UNSUPPORTED_VALUE', ''],
      symbol: ['UNSUPPORTED_VALUE', '["odd key"]'],
      symbolKey: ['UNSUPPORTED_PROPERTY', 'a'],
      getter: ['UNSUPPORTED_PROPERTY', 'a.b'],
      hidden: ['UNSUPPORTED_PROPERTY', 'a.h'],
      instance: ['UNREGISTERED_CLASS', 'order'],
      regExp: ['UNREGISTERED_CLASS', '[0]'],
      error: ['UNREGISTERED_CLASS', 'e'],
      promise: ['UNSUPPORTED_VALUE', 'p'],
      weakMap: ['UNSUPPORTED_VALUE', 'w'],
      shared: ['UNSUPPORTED_VALUE', 's'],
      cycle: ['CYCLE', 'next.back'],
      mapValue: ['UNSUPPORTED_VALUE', '<map value "k">.f'],
      mapKey: ['UNSUPPORTED_VALUE', 'm<map key function (anonymous)>'],
      setValue: ['UNSUPPORTED_VALUE', 's<set value Symbol(Symbol.iterator)>'],
      namedOfArray: ['UNSUPPORTED_PROPERTY', 'match'],
      pinnedOnMap: ['UNSUPPORTED_PROPERTY', ''],
      boxed: ['UNREGISTERED_CLASS', 'n'],
      inherited: ['UNREGISTERED_CLASS', ''],
    })
  })

  test('says what was attempted, where, what is there, and what would do', () => {
    const sending = createGeneralCodec({ attempt: () => 'Cannot send a record along Parse -> Count' })
    expect(errorOf(() => sending.encode({ order: { callback: () => 0 } })).message).toBe(
      'Cannot send a record along Parse -> Count: `order.callback` is a function, which cannot leave its thread ' +
        '(function callback). Remedy: send data that describes what to do, and keep the function in the operator.',
    )
  })

  test('stops at 500 levels, writing and reading, instead of overflowing the stack', () => {
    const nested = (levels: number): unknown => {
      let value: unknown = 1
      for (let i = 0; i < levels; i++) value = [value]
      return value
    }
    expect(isExactCopy(roundTrip(nested(500)), nested(500))).toBe(true)
    expect(refusal(nested(501))).toEqual(['TOO_DEEP', '[0]'.repeat(500)])
    const arrayOfOne = [9, 1]
    const deep = new Uint8Array(Array.from({ length: 100_000 }, (_, i) => arrayOfOne[i % 2]!))
    expect(errorOf(() => codec.decode(deep)).code).toBe('CORRUPT_DATA')
  })

  test('answers truncated and garbled bytes by a RecordError or a value, never by anything else', () => {
    const decode = (bytes: Uint8Array): void => {
      try {
        codec.decode(bytes)
      } catch (error) {
        if (!(error instanceof RecordError)) throw error
      }
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), decode), { numRuns: 1000 })
    fc.assert(
      fc.property(anyValue(), fc.nat(), fc.nat(255), (value, at, byte) => {
        const bytes = codec.encode(value).slice()
        const cut = bytes.subarray(0, at % bytes.length)
        expect(() => codec.decode(cut)).toThrow(RecordError)
        bytes[at % bytes.length] = byte
        decode(bytes)
      }),
      { numRuns: 200 },
    )
  })
})

describe('A registered type', () => {
  class Money {
    readonly cents: number
    readonly currency: string
    constructor(cents: number, currency: string) {
      if (currency === '') throw new Error('currency')
      this.cents = cents
      this.currency = currency
    }
    get euros(): number {
      return this.cents / 100
    }
  }
  class Secret {
    #value: number
    constructor(value: number) {
      this.#value = value
    }
    reveal(): number {
      return this.#value
    }
  }

  test('travels by its fields without a call of its constructor, or by encode and decode', () => {
    const registry = new TypeRegistry()
    registry.register(Money, { name: 'money' })
    registry.register(Secret, {
      name: 'secret',
      encode: (s) => s.reveal(),
      decode: (plain) => new Secret(plain as number),
    })
    registry.register(URL, { name: 'url', encode: (url) => url.href, decode: (plain) => new URL(plain as string) })
    const registered = createGeneralCodec({ registry })
    const value = { price: new Money(1, 'EUR'), deep: [new Secret(42)], url: new URL('http://a/b') }
    const copy = registered.decode(registered.encode(value)) as typeof value
    expect(copy).toEqual(value)
    expect([copy.price.euros, copy.deep[0]!.reveal(), copy.url.href]).toEqual([0.01, 42, 'http://a/b'])
    expect(errorOf(() => codec.decode(registered.encode(value))).code).toBe('UNREGISTERED_CLASS')
  })

  test('whose functions throw, or that hides what it holds, is refused with the reason', () => {
    const registry = new TypeRegistry()
    const code = (action: () => void): string => errorOf(action).code
    class Index extends Map {}
    registry.register(Money, { name: 'money', encode: () => { throw new Error('no') } }) // biome-ignore format: one line
    expect({
      throwing: errorOf(() => createGeneralCodec({ registry }).encode({ a: new Money(1, 'E') })).message,
      twice: code(() => registry.register(Money, { name: 'other' })),
      name: code(() => registry.register(Secret, { name: 'money' })),
      opaque: code(() => registry.register(Index, { name: 'index' })),
      builtIn: code(() => registry.register(Date, { name: 'date' })),
    }).toEqual({
      throwing: 'Cannot encode a record: `encode` of the registered type "money" threw at `a`',
      twice: 'INVALID_TYPE',
      name: 'INVALID_TYPE',
      opaque: 'INVALID_TYPE',
      builtIn: 'INVALID_TYPE',
    })
  })
})
