import type { OrderRow } from './order-row.ts'

/** An event as Debezium's connector for PostgreSQL writes it, without its schema. */
export interface ChangeEvent {
  readonly before: { readonly id: number } | OrderRow | null
  readonly after: OrderRow | null
  readonly source: Readonly<Record<string, unknown>> & { readonly lsn: number }
  readonly op: 'c' | 'u' | 'd'
  readonly ts_ms: number
}

/** So many orders are open at a time; each is placed, paid and shipped, and every third one is deleted in the end. */
const openOrders = 100
const stepCount = 4
/** Debezium restarts after so many changes, and tells so many of them once more, old ones after newer ones: its offset is that old. */
const restartEvery = 5_000
const toldAgain = 500

const firstLsn = 24_023_128
const firstMs = Date.UTC(2026, 0, 1)

/** Event `index` of a topic, with all that Debezium tells more than once. Anybody who asks gets the same. */
export function generateChange(index: number): ChangeEvent {
  return changeOf(changeNumber(index))
}

/** Which change of the shop event `index` tells. */
function changeNumber(index: number): number {
  const restarts = Math.floor(index / (restartEvery + toldAgain))
  const place = index % (restartEvery + toldAgain)
  return restarts * restartEvery + (place < restartEvery ? place : place - toldAgain)
}

/** Change `n` of the shop, from 0. */
function changeOf(n: number): ChangeEvent {
  const group = Math.floor(n / (openOrders * stepCount))
  const step = Math.floor((n % (openOrders * stepCount)) / openOrders)
  const id = group * openOrders + (n % openOrders)
  const atMs = firstMs + n * 250
  const lsn = firstLsn + n * 112
  const source = {
    version: '3.4.0.Final',
    connector: 'postgresql',
    name: 'shop',
    ts_ms: atMs,
    snapshot: 'false',
    db: 'shop',
    sequence: JSON.stringify([String(lsn - 56), String(lsn)]),
    schema: 'public',
    table: 'orders',
    txId: 700 + n,
    lsn,
  }
  const row = (status: OrderRow['status']): OrderRow => ({
    id,
    customer: `customer-${(id * 7_919) % 400}`,
    status,
    amount_cents: 100 + ((id * 31) % 9_900),
    updated_at: atMs * 1_000,
  })
  const common = { before: null, source, ts_ms: atMs + 40 }
  switch (step) {
    case 0:
      return { ...common, op: 'c', after: row('placed') }
    case 1:
      return { ...common, op: 'u', after: row('paid') }
    case 2:
      return { ...common, op: 'u', after: row('shipped') }
    default:
      // Every third order is deleted; of the others the row is touched once more.
      return id % 3 === 0
        ? { ...common, op: 'd', before: { id }, after: null }
        : { ...common, op: 'u', after: row('shipped') }
  }
}
