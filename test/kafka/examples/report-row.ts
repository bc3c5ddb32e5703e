import { query } from '../../postgres/query.ts'

/** A row of the report of cdc-orders, as tests read it. */
export interface ReportRow {
  readonly orderId: number
  readonly customer: string
  readonly status: string
  readonly amount: string
  readonly updatedAtMs: string
}

/** The whole table, by order. */
export async function readReport(url: string, table: string): Promise<readonly ReportRow[]> {
  const text = `select order_id::int as "orderId", customer, status, amount::text as amount,
    (extract(epoch from updated_at) * 1000)::bigint::text as "updatedAtMs" from "${table}" order by order_id`
  return (await query(url, text)) as unknown as readonly ReportRow[]
}
