import { randomBelow } from '../random-draw.ts'

/** A payment by card. */
export interface Transaction {
  /** From 0, in the order of time. */
  readonly id: number
  /** Milliseconds since the epoch. */
  readonly timestampMs: number
  readonly card: string
  readonly country: string
  readonly amountCents: number
}

const startMs = Date.UTC(2026, 10, 21, 6)
const stepMs = 20
const cardCount = 5_000
const countries = ['DE', 'FR', 'NL', 'PL', 'US', 'BR'] as const

/** One card in so many ids is stolen: it is used again and again for a while, abroad. */
const theftEvery = 10_000
const theftLength = 400

/** Transaction `index`; a pure function. */
export function generateTransaction(index: number, seed = 0): Transaction {
  const below = (bound: number, draw: number): number => randomBelow(bound, seed, index, draw)
  const theft = Math.floor(index / theftEvery)
  const isTheft = index % theftEvery < theftLength && below(40, 0) === 0
  const card = isTheft ? randomBelow(cardCount, seed, theft, 9) : below(cardCount, 1)
  const home = countries[card % 4]!
  const country = isTheft ? 'BR' : below(50, 2) === 0 ? countries[below(countries.length, 3)]! : home
  const amountCents = below(2_000, 4) === 0 ? 200_000 + below(600_000, 5) : 200 + below(15_000, 5)
  return { id: index, timestampMs: startMs + index * stepMs, card: `card-${card}`, country, amountCents }
}
