import type { Order } from './order.ts'

/** What a customer has ordered so far. */
export interface Total {
  readonly customer: string
  readonly orders: number
  readonly amountCents: number
}

/** What one order comes to. */
export function totalOf({ customer, amountCents }: Order): Total {
  return { customer, orders: 1, amountCents }
}

/** Of one customer. */
export function sumOf(total: Total, next: Total): Total {
  return {
    customer: total.customer,
    orders: total.orders + next.orders,
    amountCents: total.amountCents + next.amountCents,
  }
}
