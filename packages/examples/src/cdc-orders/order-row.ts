import type { Change } from '@millrace/connectors/kafka'

/** A row of the shop's table `orders`, as Debezium has it in its events. */
export interface OrderRow {
  readonly id: number
  readonly customer: string
  readonly status: 'placed' | 'paid' | 'shipped'
  readonly amount_cents: number
  /** Microseconds since the epoch, as Debezium gives a timestamp. */
  readonly updated_at: number
}

/** What a change of an order comes to: its row in the report, or that it is gone. */
export interface OrderChange {
  readonly orderId: number
  /** Where the change stands in the log of the shop's database. Later changes of an order stand further on. */
  readonly lsn: number
  readonly isDelete: boolean
  readonly customer: string
  readonly status: string
  /** Euros, to the cent. */
  readonly amount: string
  readonly updatedAtMs: number
}

/** A change as the report wants it: amounts in euros, status in capitals, and without what is of no interest to it. */
export function orderChanges(change: Change<OrderRow>): readonly OrderChange[] {
  const row = change.after ?? change.before
  // Of a table that was emptied Debezium tells nothing about single orders: leave `skipped.operations` as it is, or react here.
  if (row === undefined) return []
  const lsn = change.source.lsn
  if (typeof lsn !== 'number') throw new Error(`The change of order ${row.id} has no source.lsn: is it of PostgreSQL?`)
  if (change.op === 'delete') {
    // Unless its replica identity is FULL, the shop's database tells no more of a deleted row than its key.
    return [{ orderId: row.id, lsn, isDelete: true, customer: '', status: '', amount: '', updatedAtMs: 0 }]
  }
  return [
    {
      orderId: row.id,
      lsn,
      isDelete: false,
      customer: row.customer,
      status: row.status.toUpperCase(),
      amount: (row.amount_cents / 100).toFixed(2),
      updatedAtMs: Math.floor(row.updated_at / 1_000),
    },
  ]
}
