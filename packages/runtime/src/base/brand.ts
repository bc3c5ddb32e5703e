declare const brand: unique symbol

/** A primitive that only its maker can produce, so that ids of different things cannot be mixed up. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name }
