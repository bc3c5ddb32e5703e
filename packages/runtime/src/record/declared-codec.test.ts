import type { StandardJSONSchemaV1 } from '@standard-schema/spec'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { createEdgeCodec, type EdgeCodec } from './edge-codec.ts'
import { RecordError } from './record-error.ts'
import { typeFromStandardSchema } from './standard-schema-type.ts'
import { passThrough } from './testing/channel.ts'
import { isExactCopy } from './testing/exact.ts'
import { descriptionOf, typeDigest, typeName, typesEqual } from './type-description.ts'
import type { TypeInformation, ValueOf } from './type-information.ts'
import { Types } from './types.ts'

const declared = (type: TypeInformation<unknown>, genericTypes = false): EdgeCodec<unknown> =>
  createEdgeCodec({ type, genericTypes, describe: () => 'A -> B' })

const everything = Types.row({
  int: Types.INT,
  long: Types.LONG,
  double: Types.DOUBLE,
  text: Types.STRING,
  flag: Types.BOOLEAN,
  big: Types.BIGINT,
  at: Types.DATE,
  raw: Types.BYTES,
  pair: Types.tuple([Types.STRING, Types.INT]),
  items: Types.list(Types.row({ sku: Types.STRING, count: Types.INT })),
  scores: Types.map(Types.STRING, Types.list(Types.DOUBLE)),
  maybe: Types.nullable(Types.STRING),
  maybeRow: Types.nullable(Types.row({ x: Types.INT })),
  note: Types.optional(Types.STRING),
  extra: Types.optional(Types.row({})),
  last: Types.INT,
})
type Everything = ValueOf<typeof everything>

const record = (i: number): Everything =>
  ({
    int: i - 50,
    long: i * 2 ** 40,
    double: i % 5 === 0 ? -0 : i / 3,
    text: i % 50 === 0 ? `☃${i}` : `t${i}`,
    flag: i % 2 === 0,
    big: i % 3 === 0 ? BigInt(i) ** 30n : BigInt(-i),
    at: new Date(i % 7 === 0 ? Number.NaN : i),
    raw: i % 2 === 0 ? new Uint8Array([i]) : Buffer.from([i, i, i]),
    pair: [`p${i}`, i],
    items: Array.from({ length: i % 4 }, (_, k) => ({ sku: `s${k}`, count: k })),
    scores: new Map([[`k${i}`, [i, Number.NaN]]]),
    maybe: i % 3 === 0 ? null : `m${i}`,
    maybeRow: i % 3 === 1 ? null : { x: i },
    ...(i % 3 === 0 ? {} : i % 3 === 1 ? { note: `n${i}` } : { note: undefined }),
    ...(i % 2 === 0 ? { extra: {} } : {}),
    last: 1,
  }) as Everything

describe('A declared type', () => {
  test('is known to the type checker', () => {
    const order = Types.row({ id: Types.LONG, tags: Types.list(Types.STRING), note: Types.optional(Types.STRING) })
    expectTypeOf<ValueOf<typeof order>>().toEqualTypeOf<{ id: number; tags: string[]; note?: string }>()
    expectTypeOf(Types.tuple([Types.STRING, Types.INT])).toEqualTypeOf<TypeInformation<[string, number]>>()
    expectTypeOf(Types.nullable(Types.DATE)).toEqualTypeOf<TypeInformation<Date | null>>()
    expectTypeOf(Types.map(Types.STRING, Types.BIGINT)).toEqualTypeOf<TypeInformation<Map<string, bigint>>>()
  })

  test('keeps every value of it exactly, without the general codec', () => {
    const records = Array.from({ length: 1000 }, (_, i) => record(i))
    for (const segmentBytes of [4096, 32_768]) {
      const { received } = passThrough(declared(everything), records, segmentBytes, (round) => 1 + (round % 11))
      expect(records.findIndex((sent, i) => !isExactCopy(sent, received[i]))).toBe(-1)
      expect(received.length).toBe(1000)
    }
  })

  test('sends a record that is larger than a segment', () => {
    const records = ['x'.repeat(5000), 'y', '☃'.repeat(400_000)]
    expect(passThrough(declared(Types.STRING), records)).toMatchObject({ received: records, large: 2 })
  })

  test('lets only what is declared travel', () => {
    const type = Types.row({ a: Types.INT })
    expect(passThrough(declared(type), [{ b: 'x', a: 1 }]).received).toEqual([{ a: 1 }])
  })

  test('refuses a value of another type, with place, expected and actual', () => {
    const refusal = (type: TypeInformation<unknown>, value: unknown): unknown => {
      try {
        passThrough(declared(type, true), [value])
      } catch (error) {
        if (error instanceof RecordError) return [error.facts.path, error.facts.expected, error.facts.actual]
        throw error
      }
      return 'taken'
    }
    const changed = (fields: Record<string, unknown>): unknown => ({ ...record(1), ...fields })
    expect([
      refusal(everything, changed({ int: 1.5 })),
      refusal(everything, changed({ int: -0 })),
      refusal(everything, changed({ long: 2 ** 53 })),
      refusal(everything, changed({ text: undefined })),
      refusal(everything, changed({ pair: ['a'] })),
      refusal(
        everything,
        changed({
          items: [
            { sku: 'a', count: 1 },
            { sku: 'b', count: '1' },
          ],
        }),
      ),
      refusal(everything, changed({ scores: new Map([['k', [1, '2']]]) })),
      refusal(everything, changed({ maybe: 1 })),
      refusal(everything, changed({ maybeRow: { x: null } })),
      refusal(everything, changed({ note: null })),
      refusal(Types.row({ a: Types.nullable(Types.GENERIC) }), {}),
      refusal(Types.row({ a: Types.GENERIC }), { a: undefined }),
      refusal(Types.list(Types.INT), Object.assign([1], { length: 2 })),
      refusal(Types.row({}), new Date(0)),
      refusal(Types.STRING, 5),
    ]).toEqual([
      ['int', 'int', 'number 1.5'],
      ['int', 'int', 'number -0'],
      ['long', 'long', 'number 9007199254740992'],
      ['text', 'string', 'undefined'],
      ['pair', '[string, int]', 'Array ["a"]'],
      ['items[1].count', 'int', 'string "1"'],
      ['scores<map value "k">[1]', 'double', 'string "2"'],
      ['maybe', 'string | null', 'number 1'],
      ['maybeRow.x', 'int', 'null'],
      ['note', 'string', 'null'],
      ['a', 'generic | null', 'nothing'],
      'taken',
      ['[1]', 'int', 'nothing'],
      ['', '{}', 'Date Date(1970-01-01T00:00:00.000Z)'],
      ['', 'string', 'number 5'],
    ])
    expect(() => passThrough(declared(Types.row({ id: Types.INT })), [{ id: 'x' }])).toThrow(
      'Cannot send a record along A -> B: `id` was declared as int, and is string "x". ' +
        'Remedy: emit what was declared, or correct the type.',
    )
    expect(() => passThrough(declared(Types.row({ a: Types.GENERIC }), true), [{ a: { f: () => 0 } }])).toThrow(
      '`a.f` is a function',
    )
  })

  test('with a generic part is refused after disableGenericTypes()', () => {
    expect(() => declared(Types.row({ id: Types.INT, any: Types.GENERIC }))).toThrow('the type {id: int, any: generic}')
  })

  test('has a digest that tells types apart and does not depend on how they were made', () => {
    const a = Types.row({ id: Types.INT, name: Types.STRING })
    const b = Types.row({ id: Types.INT, name: Types.STRING })
    const c = Types.row({ name: Types.STRING, id: Types.INT })
    const d = Types.row({ id: Types.INT, name: Types.optional(Types.STRING) })
    expect([typesEqual(a, b), typesEqual(a, c), typesEqual(a, d)]).toEqual([true, false, false])
    expect(typeDigest(a)).toBe('12b9e8081d37e1a7a3d52dae94255223')
    expect(new Set([a, b, c, d].map(typeDigest)).size).toBe(3)
  })

  test('refuses what Types did not make', () => {
    expect(() => descriptionOf({ kind: 'row' })).toThrow(RecordError)
    expect(() => Types.row({ ['__proto__']: Types.INT })).toThrow(RecordError)
  })
})

describe('A Standard Schema', () => {
  const schema = (json: Record<string, unknown> | undefined): StandardJSONSchemaV1<unknown, { id: number }> => ({
    '~standard': {
      version: 1,
      vendor: 'test',
      jsonSchema: {
        input: () => ({}),
        output: () => {
          if (json === undefined) throw new Error('no JSON form')
          return json
        },
      },
    },
  })
  const nameOf = (json: Record<string, unknown> | undefined): string =>
    typeName(descriptionOf(typeFromStandardSchema(schema(json))))

  test('becomes the type of its output', () => {
    expectTypeOf(typeFromStandardSchema(schema({}))).toEqualTypeOf<TypeInformation<{ id: number }>>()
    expect(
      nameOf({
        type: 'object',
        properties: {
          id: { type: 'integer' },
          age: { type: 'integer', minimum: 1, maximum: 200 },
          name: { type: 'string', minLength: 1 },
          price: { anyOf: [{ type: 'number' }, { type: 'null' }] },
          note: { type: ['string', 'null'] },
          tags: { type: 'array', items: { enum: ['a', 'b'] } },
          pair: { type: 'array', prefixItems: [{ type: 'string' }, { type: 'boolean' }] },
          either: { anyOf: [{ type: 'string' }, { type: 'number' }] },
          dictionary: { type: 'object', additionalProperties: { type: 'string' } },
          other: { $ref: '#/$defs/x' },
        },
        required: ['id', 'age', 'name', 'price', 'tags', 'pair'],
        additionalProperties: false,
      }),
    ).toBe(
      '{id: long, age: int, name: string, price: double | null, note?: string | null, tags: list<string>, ' +
        'pair: [string, boolean], either?: generic, dictionary?: generic, other?: generic}',
    )
  })

  test('that has no JSON form is generic', () => {
    const bare = { '~standard': { version: 1, vendor: 'test' } } as const
    expect([nameOf(undefined), nameOf({}), typeFromStandardSchema(bare).kind]).toEqual([
      'generic',
      'generic',
      'generic',
    ])
  })
})
