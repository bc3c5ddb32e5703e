import { parseArgs } from 'node:util'
import { wholeNumberOption } from '../whole-number-option.ts'

/** What the demo was asked for. */
export interface DemoOptions {
  /** Orders a second. */
  readonly rate: number
}

const rateMax = 100_000

/** Throws, in words for whoever typed them, what makes no sense. */
export function demoOptions(args: readonly string[]): DemoOptions {
  const { values } = parseArgs({ args: [...args], options: { rate: { type: 'string', default: '1000' } } })
  const rate = wholeNumberOption('rate', values.rate)
  if (rate < 1 || rate > rateMax) throw new Error(`--rate must be from 1 to ${rateMax}`)
  return { rate }
}
