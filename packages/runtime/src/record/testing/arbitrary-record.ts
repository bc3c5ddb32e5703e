import fc from 'fast-check'

const text = (): fc.Arbitrary<string> =>
  fc.oneof(
    fc.string({ maxLength: 30 }),
    fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 30 }).map((units) => String.fromCharCode(...units)),
    // Lone surrogates among others.
    fc.array(fc.integer({ min: 0xd7f0, max: 0xe010 }), { maxLength: 6 }).map((units) => String.fromCharCode(...units)),
    fc.array(fc.integer({ min: 0xe0, max: 0x110 }), { maxLength: 20 }).map((units) => String.fromCharCode(...units)),
  )

const number = (): fc.Arbitrary<number> =>
  fc.oneof(
    fc.integer(),
    fc.double(),
    fc.constantFrom(0, -0, Number.NaN, Infinity, -Infinity, 2 ** 31, -(2 ** 31), 2 ** 31 - 1, 2 ** 53, 0.1),
  )

export const scalar = (): fc.Arbitrary<unknown> =>
  fc.oneof(
    number(),
    text(),
    fc.constantFrom(null, undefined, true, false),
    fc.bigInt(),
    fc.bigInt({ min: -(2n ** 300n), max: 2n ** 300n }),
  )

const bytes = (): fc.Arbitrary<unknown> =>
  fc.oneof(
    fc.uint8Array({ maxLength: 20 }),
    fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array)),
    fc.uint8Array({ maxLength: 20 }).map((array) => array.slice().buffer),
    fc.uint8Array({ maxLength: 20 }).map((array) => new DataView(array.slice().buffer)),
    fc.int16Array({ maxLength: 5 }),
    fc.float64Array({ maxLength: 5 }),
    fc.uint8ClampedArray({ maxLength: 5 }),
    fc.bigInt64Array({ maxLength: 5 }),
    // A view of a part of something larger.
    fc.uint8Array({ minLength: 4, maxLength: 20 }).map((array) => array.subarray(1, 3)),
  )

const date = (): fc.Arbitrary<Date> => fc.date({ noInvalidDate: false })

const key = (): fc.Arbitrary<string> =>
  fc.oneof(text(), fc.constantFrom('__proto__', 'constructor', 'a', 'b', '0', '17', 'length'))

/** An object made property by property, as a user's literal would be. */
export function objectOf(
  entries: Iterable<readonly [string, unknown]>,
  prototype: object | null = Object.prototype,
): object {
  const made = Object.create(prototype) as object
  for (const [name, value] of entries) {
    Object.defineProperty(made, name, { value, writable: true, enumerable: true, configurable: true })
  }
  return made
}

/** Any value that may leave its thread, registered classes aside. */
export const anyValue = (): fc.Arbitrary<unknown> =>
  fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      scalar(),
      fc.oneof(bytes(), date()),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.array(fc.option(tie('value'), { nil: undefined }), { maxLength: 5 }).map(withHoles),
      fc.array(fc.tuple(key(), tie('value')), { maxLength: 4 }).map((entries) => objectOf(entries)),
      fc.array(fc.tuple(key(), tie('value')), { maxLength: 3 }).map((entries) => objectOf(entries, null)),
      fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 }).map((entries) => new Map(entries)),
      fc.array(tie('value'), { maxLength: 3 }).map((items) => new Set(items)),
    ),
  })).value

function withHoles(array: unknown[]): unknown[] {
  const made: unknown[] = []
  array.forEach((item, i) => {
    if (item !== undefined) made[i] = item
  })
  made.length = array.length
  return made
}

/** Streams whose records mostly look alike, change their shape now and then, and hold anything at times. */
export const recordStream = (): fc.Arbitrary<unknown[]> => {
  const field = (): fc.Arbitrary<fc.Arbitrary<unknown>> =>
    fc.constantFrom<fc.Arbitrary<unknown>>(
      fc.integer(),
      number(),
      text(),
      fc.boolean(),
      fc.option(text(), { nil: null }),
      fc.option(fc.integer(), { nil: undefined }),
      scalar(),
      date(),
      fc.uint8Array({ maxLength: 9 }),
      fc.array(fc.integer(), { maxLength: 5 }),
      fc.tuple(text(), fc.integer()),
      fc.array(fc.record({ sku: text(), count: fc.integer() }), { maxLength: 4 }),
      fc.record({ x: number(), y: number() }),
      fc.option(fc.record({ x: number(), label: text() }), { nil: null }),
    )
  const shape = (): fc.Arbitrary<fc.Arbitrary<unknown>> =>
    fc.oneof(
      fc
        .uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'name', 'id', '7', 'x y'), field()), {
          maxLength: 5,
          selector: ([name]) => name,
        })
        .map((fields) =>
          fc
            .tuple(...fields.map(([name, of]) => of.map((value) => [name, value] as const)))
            .map((entries) => objectOf(entries)),
        ),
      fc.array(field(), { maxLength: 4 }).map((items) => fc.tuple(...items)),
      field(),
    )
  const phase = fc.tuple(fc.array(shape(), { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 80 }))
  return fc
    .array(phase, { minLength: 1, maxLength: 4 })
    .chain((phases) =>
      fc.tuple(
        ...phases.map(([shapes, count]) =>
          fc.array(
            fc.oneof(...shapes.map((of, i) => ({ arbitrary: of, weight: i === 0 ? 30 : 5 })), {
              arbitrary: anyValue(),
              weight: 1,
            }),
            { minLength: count, maxLength: count },
          ),
        ),
      ),
    )
    .map((phases) => phases.flat())
}
