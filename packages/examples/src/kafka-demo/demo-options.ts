import { parseArgs } from 'node:util'
import { wholeNumberOption } from '../whole-number-option.ts'

/** What the demo was asked for. */
export interface DemoOptions {
  /** Orders a second. */
  readonly rate: number
  /** After which it ends by itself. */
  readonly seconds: number | undefined
}

const rateMax = 100_000
/** A day: timers take 24 of them at most. */
const secondsMax = 86_400

/** Throws, in words for whoever typed them, what makes no sense. */
export function demoOptions(args: readonly string[]): DemoOptions {
  const { values } = parseArgs({
    args: [...args],
    options: { rate: { type: 'string', default: '1000' }, seconds: { type: 'string' } },
  })
  const rate = wholeNumberOption('rate', values.rate)
  if (rate < 1 || rate > rateMax) throw new Error(`--rate must be from 1 to ${rateMax}`)
  const seconds = values.seconds === undefined ? undefined : wholeNumberOption('seconds', values.seconds)
  if (seconds !== undefined && (seconds < 1 || seconds > secondsMax)) {
    throw new Error(`--seconds must be from 1 to ${secondsMax}`)
  }
  return { rate, seconds }
}
