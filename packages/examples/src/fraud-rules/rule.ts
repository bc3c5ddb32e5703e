import type { Transaction } from './transaction.ts'

/** What makes a transaction suspicious. */
export type Rule =
  | { readonly kind: 'large'; readonly id: string; readonly fromTransaction: number; readonly minAmountCents: number }
  | {
      /** So many transactions of one card within a time. */
      readonly kind: 'frequent'
      readonly id: string
      readonly fromTransaction: number
      readonly count: number
      readonly withinMs: number
    }
  | {
      readonly kind: 'country-change'
      readonly id: string
      readonly fromTransaction: number
      readonly withinMs: number
    }

/** What the stream of rules carries: the rules, and a mark after the last one. */
export type RuleUpdate = { readonly kind: 'rule'; readonly rule: Rule } | { readonly kind: 'complete' }

/** The rules of the example; the last one comes into force while transactions flow. */
export const rules: readonly Rule[] = [
  { kind: 'large', id: 'over-7500', fromTransaction: 0, minAmountCents: 750_000 },
  { kind: 'frequent', id: '6-in-a-minute', fromTransaction: 0, count: 6, withinMs: 60_000 },
  { kind: 'country-change', id: 'two-countries-in-2s', fromTransaction: 30_000, withinMs: 2_000 },
]

/** What is remembered of a card: its last transactions, the newest last. */
export type CardHistory = readonly Transaction[]

/** As many transactions of a card as any rule looks at. */
export const historyLengthMax = 8

/** Whether `transaction` breaks `rule`, after `history` of the same card. */
export function breaks(rule: Rule, transaction: Transaction, history: CardHistory): boolean {
  if (transaction.id < rule.fromTransaction) return false
  switch (rule.kind) {
    case 'large':
      return transaction.amountCents >= rule.minAmountCents
    case 'frequent': {
      // The one that makes the count full; not again for each one after it.
      const first = history.at(-(rule.count - 1))
      const oneBefore = history.at(-rule.count)
      return isWithin(first, transaction, rule.withinMs) && !isWithin(oneBefore, transaction, rule.withinMs)
    }
    case 'country-change': {
      const before = history.at(-1)
      return isWithin(before, transaction, rule.withinMs) && before?.country !== transaction.country
    }
  }
}

function isWithin(earlier: Transaction | undefined, later: Transaction, withinMs: number): boolean {
  return earlier !== undefined && later.timestampMs - earlier.timestampMs <= withinMs
}
