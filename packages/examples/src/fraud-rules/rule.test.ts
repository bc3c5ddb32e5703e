import { expect, test } from 'vitest'
import { breaks, type Rule } from './rule.ts'
import type { Transaction } from './transaction.ts'

const paid = (id: number, atMs: number, country = 'DE', amountCents = 100): Transaction => ({
  id,
  timestampMs: atMs,
  card: 'c',
  country,
  amountCents,
})

test('a rule on large amounts holds from its amount on, and from the transaction on that it starts with', () => {
  const rule: Rule = { kind: 'large', id: 'r', fromTransaction: 2, minAmountCents: 500 }
  expect([paid(1, 0, 'DE', 500), paid(2, 0, 'DE', 500), paid(3, 0, 'DE', 499)].map((t) => breaks(rule, t, []))).toEqual(
    [false, true, false],
  )
})

test('a rule on frequent use is broken by the transaction that makes the count full, once', () => {
  const rule: Rule = { kind: 'frequent', id: 'r', fromTransaction: 0, count: 3, withinMs: 10 }
  const all = [0, 4, 8, 9, 40, 41, 50].map((atMs, id) => paid(id, atMs))
  const broken = all.filter((transaction, i) => breaks(rule, transaction, all.slice(0, i)))
  expect(broken.map(({ id }) => id)).toEqual([2, 6])
})

test('a rule on changes of country looks at the transaction before', () => {
  const rule: Rule = { kind: 'country-change', id: 'r', fromTransaction: 0, withinMs: 10 }
  const all = [paid(0, 0), paid(1, 5, 'FR'), paid(2, 9, 'FR'), paid(3, 30, 'DE')]
  const broken = all.filter((transaction, i) => breaks(rule, transaction, all.slice(0, i)))
  expect(broken.map(({ id }) => id)).toEqual([1])
})
