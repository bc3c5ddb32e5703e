import { parseArgs } from 'node:util'
import { DataGeneratorSource } from '@millrace/connectors/datagen'
import { defineJob, WatermarkStrategy } from '@millrace/runtime'
import { wholeNumberOption } from '../whole-number-option.ts'
import { AlertReport } from './alert-report.ts'
import { type RuleUpdate, rules } from './rule.ts'
import { RuleEvaluator } from './rule-evaluator.ts'
import { generateTransaction } from './transaction.ts'

/** Payments by card meet rules: transactions are divided by card, rules are sent to every subtask. */
export default defineJob('fraud-rules', (env, args) => {
  const { values } = parseArgs({
    args: [...args],
    options: { transactions: { type: 'string', default: '100000' }, rate: { type: 'string', default: '20000' } },
  })
  const count = wholeNumberOption('transactions', values.transactions)
  const recordsPerSecond = wholeNumberOption('rate', values.rate)
  if (recordsPerSecond < 1 || recordsPerSecond > 100_000) throw new Error('--rate must be from 1 to 100000')
  env.setParallelism(2)

  // One subtask, for a card's transactions have to come in the order of time.
  const transactions = env
    .fromSource(
      new DataGeneratorSource({ generator: (index) => generateTransaction(index), count, recordsPerSecond }),
      WatermarkStrategy.noWatermarks(),
      'Transactions',
    )
    .setParallelism(1)

  const updates: readonly RuleUpdate[] = [
    ...rules.map((rule) => ({ kind: 'rule', rule }) as const),
    { kind: 'complete' },
  ]

  transactions
    .keyBy(({ card }) => card)
    .connect(env.fromCollection(updates).name('Rules').broadcast())
    .process(new RuleEvaluator())
    .name('Evaluate rules')
    .uid('evaluate-rules')
    .flatMap(new AlertReport())
    .name('Report')
    .setParallelism(1)
    .print()
    .setParallelism(1)
})
