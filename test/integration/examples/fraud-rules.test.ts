import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { breaks, historyLengthMax, rules } from '../../../packages/examples/src/fraud-rules/rule.ts'
import { generateTransaction, type Transaction } from '../../../packages/examples/src/fraud-rules/transaction.ts'
import { runExample } from './run-example.ts'

/** The alerts that a plain loop over the transactions comes to. */
function expectedAlerts(count: number): readonly string[] {
  const histories = new Map<string, Transaction[]>()
  const alerts: string[] = []
  for (let id = 0; id < count; id++) {
    const transaction = generateTransaction(id)
    const history = histories.get(transaction.card) ?? []
    for (const rule of rules) {
      if (breaks(rule, transaction, history.slice(-historyLengthMax))) alerts.push(`${rule.id} ${transaction.id}`)
    }
    histories.set(transaction.card, [...history, transaction])
  }
  return alerts
}

test.each(['1', '3'])('The example fraud-rules finds the same alerts at parallelism %s', (parallelism) => {
  const args = ['fraud-rules', '-p', parallelism, '--transactions', '100000', '--rate', '100000']
  const { status, stdout } = runExample(args, tmpdir())
  const lines = stdout.trimEnd().split('\n')
  const alerts = lines.slice(0, -1).map((line) => {
    const [, ruleId] = line.split('  ')
    return `${ruleId} ${/\(transaction (\d+)\)$/.exec(line)?.[1]}`
  })
  const expected = expectedAlerts(100_000)
  expect(alerts.toSorted()).toEqual(expected.toSorted())
  expect(expected.length).toBeGreaterThan(20)
  const countOf = (ruleId: string): number => expected.filter((alert) => alert.startsWith(`${ruleId} `)).length
  const totals = rules.map(({ id }) => `${id}: ${countOf(id)}`).toSorted()
  expect(lines.at(-1)).toBe(`alerts by rule: ${totals.join(', ')}`)
  expect(status).toBe(0)
})
