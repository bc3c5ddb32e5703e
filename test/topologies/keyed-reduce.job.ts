import { defineJob } from '@millrace/runtime'
import { range } from './topology.ts'

interface Sale {
  readonly shop: string
  readonly amount: number
  readonly count: number
}

const sales = range(600).map((n): Sale => ({ shop: `shop-${n % 7}`, amount: n, count: 1 }))

export default defineJob('keyed-reduce', (env) => {
  env
    .fromCollection(sales)
    .keyBy((sale) => sale.shop)
    .reduce((a, b) => ({ shop: a.shop, amount: a.amount + b.amount, count: a.count + b.count }))
    .uid('totals')
    .collect('totals')
})

/** From one source to one subtask per key, order holds: each total is the one before it plus the next sale. */
const totals = new Map<string, Sale>()
export const expected = {
  totals: {
    inAnyOrder: sales.map((sale) => {
      const before = totals.get(sale.shop)
      const total = before ? { shop: sale.shop, amount: before.amount + sale.amount, count: before.count + 1 } : sale
      totals.set(sale.shop, total)
      return total
    }),
  },
}
