import { parseArgs } from 'node:util'
import { DataGeneratorSource } from '@millrace/connectors/datagen'
import { FileSink, FileSource } from '@millrace/connectors/file'
import { defineJob, WatermarkStrategy } from '@millrace/runtime'
import { wholeNumberOption } from '../whole-number-option.ts'
import { FailOnce } from './fail-once.ts'
import { generateOrder, type Order } from './order.ts'
import { quietCustomers, RunningTotal } from './running-total.ts'

/**
 * Writes the running total of each customer with each order: lines of JSON, each exactly once, whatever fails in between.
 * Files appear with checkpoints, every second.
 */
export default defineJob('running-totals', (env, args) => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      input: { type: 'string', multiple: true },
      output: { type: 'string', default: 'running-totals' },
      orders: { type: 'string', default: '20000' },
      rate: { type: 'string', default: '4000' },
      quiet: { type: 'string', default: '2' },
      'fail-at': { type: 'string' },
    },
  })
  const count = wholeNumberOption('orders', values.orders)
  const recordsPerSecond = wholeNumberOption('rate', values.rate)
  const quietMs = wholeNumberOption('quiet', values.quiet) * 1_000
  const failAt = values['fail-at'] === undefined ? undefined : wholeNumberOption('fail-at', values['fail-at'])
  if (recordsPerSecond === 0) throw new Error('--rate must be at least 1')
  env.setParallelism(2)
  env.enableCheckpointing(1_000)
  // What fails again and again is not to be tried for ever.
  env.configure({ 'restart-strategy.type': 'fixed-delay', 'restart-strategy.fixed-delay.attempts': '3' })

  const orders =
    values.input === undefined
      ? env.fromSource(
          new DataGeneratorSource({ generator: generateOrder, count, recordsPerSecond }),
          WatermarkStrategy.noWatermarks(),
          'Orders',
        )
      : env.fromSource(FileSource.forJsonLines<Order>(values.input), WatermarkStrategy.noWatermarks(), 'Orders')
  const totals = orders
    .uid('orders')
    .map(new FailOnce(failAt))
    .name('Fail once')
    .keyBy(({ customer }) => customer)
    .process(new RunningTotal(quietMs))
    .name('Running total')
    .uid('running-total')
  totals
    .sinkTo(FileSink.forRows(values.output, { suffix: '.jsonl' }))
    .name('Totals')
    .uid('totals')
  totals
    .getSideOutput(quietCustomers)
    .map(({ customer, orders }) => `${customer} has become quiet after ${orders} orders`)
    .print()
})
