import type { Collector, ProcessContext, RichCoProcessFunction } from '@millrace/runtime'
import { breaks, type CardHistory, historyLengthMax, type Rule, type RuleUpdate } from './rule.ts'
import type { Transaction } from './transaction.ts'

/** A transaction that breaks a rule. */
export interface Alert {
  readonly ruleId: string
  readonly transaction: Transaction
}

/** Transactions that may wait for the rules: some seconds of them. */
const waitingMax = 200_000

/**
 * Holds each transaction of its cards against all rules. Every subtask gets every rule, by broadcast, and transactions
 * wait until the rules have come, so that the alerts do not depend on which of the two streams is faster.
 *
 * What it remembers of the cards is in this object, not in state: a restart forgets it.
 */
export class RuleEvaluator implements RichCoProcessFunction<Transaction, RuleUpdate, Alert> {
  readonly #rules: Rule[] = []
  readonly #histories = new Map<string, CardHistory>()
  #waiting: Transaction[] | undefined = []

  processElement1(transaction: Transaction, _context: ProcessContext, out: Collector<Alert>): void {
    if (this.#waiting === undefined) {
      this.#evaluate(transaction, out)
      return
    }
    if (this.#waiting.length === waitingMax) {
      throw new Error(`${waitingMax} transactions have come, but not all rules: give a lower --rate`)
    }
    this.#waiting.push(transaction)
  }

  processElement2(update: RuleUpdate, _context: ProcessContext, out: Collector<Alert>): void {
    if (update.kind === 'rule') {
      this.#rules.push(update.rule)
      return
    }
    const waiting = this.#waiting ?? []
    this.#waiting = undefined
    for (const transaction of waiting) this.#evaluate(transaction, out)
  }

  #evaluate(transaction: Transaction, out: Collector<Alert>): void {
    const history = this.#histories.get(transaction.card) ?? []
    for (const rule of this.#rules) {
      if (breaks(rule, transaction, history)) out.collect({ ruleId: rule.id, transaction })
    }
    this.#histories.set(transaction.card, [...history.slice(1 - historyLengthMax), transaction])
  }
}
