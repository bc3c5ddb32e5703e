import { generateChange } from '../../../packages/examples/src/cdc-orders/generate-change.ts'
import type { ReportRow } from './report-row.ts'

/** What the first events of the example's shop come to: every change once, as it is told first. */
export function reportOfShop(eventCount: number): readonly ReportRow[] {
  const seen = new Set<number>()
  const rows = new Map<number, ReportRow>()
  for (let i = 0; i < eventCount; i++) {
    const { before, after, source } = generateChange(i)
    if (seen.has(source.lsn)) continue
    seen.add(source.lsn)
    if (after === null) {
      rows.delete(before!.id)
      continue
    }
    const { id, customer, status, amount_cents, updated_at } = after
    rows.set(id, {
      orderId: id,
      customer,
      status: status.toUpperCase(),
      amount: `${Math.floor(amount_cents / 100)}.${String(amount_cents % 100).padStart(2, '0')}`,
      updatedAtMs: String(updated_at / 1_000),
    })
  }
  return [...rows.values()].toSorted((a, b) => a.orderId - b.orderId)
}
