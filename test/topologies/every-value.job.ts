import { defineJob } from '@millrace/runtime'

class Money {
  readonly cents: number
  constructor(cents: number) {
    this.cents = cents
  }
}

/** What must survive every edge. */
const values: readonly unknown[] = [
  undefined,
  null,
  true,
  0,
  -0,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 31,
  1.5,
  123456789012345678901234567890n,
  '',
  'text',
  'ünïcødé 日本語 😀',
  '\ud800 alone',
  new Date(1_700_000_000_000),
  new Map<unknown, unknown>([
    [1, 'one'],
    ['two', { deep: new Set([1, 2]) }],
  ]),
  new Set(['a', new Date(0)]),
  new Uint8Array([0, 127, 255]),
  new Float64Array([1.5, -0]),
  [1, 'two', [3]],
  { a: undefined, b: { c: null } },
  {},
  new Money(1_299),
  'x'.repeat(50_000),
  Array.from({ length: 500 }, (_, i) => ({ i, text: `item ${i}` })),
]

export default defineJob('every-value', (env) => {
  env.registerType(Money, { name: 'money' })
  env
    .fromSequence(0, values.length - 1)
    .setParallelism(1)
    .map((i) => ({ i, value: values[i] }))
    .setParallelism(1)
    .rebalance()
    .map((record) => record)
    .keyBy(({ i }) => i)
    .reduce((a) => a)
    .uid('first')
    .collect('values')
})

export const expected = { values: { inAnyOrder: values.map((value, i) => ({ i, value })) } }
