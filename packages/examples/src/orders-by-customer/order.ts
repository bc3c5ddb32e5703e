import { z } from 'zod'

/** What an order must look like: of any schema library that speaks Standard Schema, here zod. */
export const orderSchema = z.object({
  id: z.int().nonnegative(),
  customer: z.string().min(1),
  amountCents: z.int(),
})

/** What a customer has ordered. */
export type Order = z.infer<typeof orderSchema>
