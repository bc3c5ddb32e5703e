/** What a customer has ordered. */
export interface Order {
  readonly id: number
  readonly customer: string
  readonly amountCents: number
}

const customerCount = 200

/** Order `id` of a shop whose first customers order most. */
export function generateOrder(id: number): Order {
  const customer = Math.floor(((id * 7_919) % (customerCount * customerCount)) ** 0.5)
  return { id, customer: `customer-${customer}`, amountCents: 100 + ((id * 31) % 9_900) }
}
