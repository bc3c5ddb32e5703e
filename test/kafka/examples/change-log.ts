// The log of a shop's database and how Debezium tells it: apart from the example's own, so that neither vouches for itself.

import type { ReportRow } from './report-row.ts'

/** A change of an order. */
export interface Change {
  readonly lsn: number
  readonly op: 'c' | 'u' | 'd'
  readonly id: number
  readonly cents: number
  readonly status: 'placed' | 'paid' | 'shipped'
}

const startMs = Date.UTC(2026, 10, 21)

/** Numbers from 0 to below `end`, the same for the same seed. */
function random(seed: number): (end: number) => number {
  let state = seed
  return (end) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * end)
  }
}

/** A log in which orders come, change, go and come again. */
export function changeLog(options: {
  readonly seed: number
  readonly orderCount: number
  readonly changeCount: number
}): readonly Change[] {
  const below = random(options.seed)
  const open = new Set<number>()
  return Array.from({ length: options.changeCount }, (_, i): Change => {
    const id = below(options.orderCount)
    const op = open.has(id) ? (below(5) === 0 ? 'd' : 'u') : 'c'
    if (op === 'd') open.delete(id)
    else open.add(id)
    const status = (['placed', 'paid', 'shipped'] as const)[below(3)]!
    return { lsn: 1_000 + i * 8, op, id, cents: below(100_000), status }
  })
}

/**
 * How the log is told: now and then from some way back again, so that old changes come after newer ones, and some of them
 * swapped with others that are near.
 */
export function deliveries(options: { readonly seed: number; readonly log: readonly Change[] }): readonly Change[] {
  const below = random(options.seed)
  const told: Change[] = []
  for (let i = 0; i < options.log.length; i++) {
    told.push(options.log[i]!)
    if (below(1_500) === 0) i = Math.max(-1, i - below(900))
  }
  // Late ones: without a guard, these would be the last word on their orders.
  for (let i = 0; i < 300; i++) told.push(options.log[below(options.log.length)]!)
  for (let i = 0; i + 20 < told.length; i++) {
    if (below(10) > 0) continue
    const other = i + below(20)
    const [a, b] = [told[i]!, told[other]!]
    told[i] = b
    told[other] = a
  }
  return told
}

/** The value of Debezium's record; with its schema inside for some, as some are set up. */
export function eventOf({ lsn, op, id, cents, status }: Change): string {
  const row = { id, customer: `customer ${id % 7}`, status, amount_cents: cents, updated_at: (startMs + lsn) * 1_000 }
  const payload = {
    before: op === 'c' ? null : { id },
    after: op === 'd' ? null : row,
    source: { connector: 'postgresql', table: 'orders', lsn },
    op,
    ts_ms: startMs + lsn,
  }
  return JSON.stringify(lsn % 3 === 0 ? { schema: {}, payload } : payload)
}

/** What the log comes to. */
export function reportOf(log: readonly Change[]): readonly ReportRow[] {
  const rows = new Map<number, ReportRow>()
  for (const { lsn, op, id, cents, status } of log) {
    if (op === 'd') {
      rows.delete(id)
      continue
    }
    rows.set(id, {
      orderId: id,
      customer: `customer ${id % 7}`,
      status: status.toUpperCase(),
      amount: `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`,
      updatedAtMs: String(startMs + lsn),
    })
  }
  return [...rows.values()].toSorted((a, b) => a.orderId - b.orderId)
}
