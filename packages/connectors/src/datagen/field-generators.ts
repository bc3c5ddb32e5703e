import { ConnectorError } from '@millrace/runtime/connector'
import type { RecordRandom } from './record-random.ts'

/** Makes one field of the record at `index`. It must depend on nothing else, so that records can be made again. */
export type FieldGenerator<V> = (index: number, random: RecordRandom) => V

/** A field generator for every field of `T`. */
export type FieldGenerators<T> = { readonly [Field in keyof T]: FieldGenerator<T[Field]> }

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'

/**
 * `start`, `start + step`, ... in the order of records.
 *
 * @example
 * const source = new DataGeneratorSource({ fields: { id: sequence(10, 5) }, count: 3 })
 * const { records } = await readSource(source, { clock: new SystemClock() })
 * records // -> [[{ id: 10 }, { id: 15 }, { id: 20 }]]
 */
export function sequence(start = 0, step = 1): FieldGenerator<number> {
  return (index) => start + index * step
}

/**
 * A uniformly distributed integer in `min .. max`, both included; `max - min` below 2^31.
 *
 * @example
 * const source = new DataGeneratorSource({ fields: { die: uniformInt(1, 6) }, count: 3 })
 * const { records } = await readSource(source, { clock: new SystemClock() })
 * records.flat().every(({ die }) => die >= 1 && die <= 6) // -> true
 */
export function uniformInt(min: number, max: number): FieldGenerator<number> {
  const count = max - min + 1
  if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max) || count < 1 || count > 2 ** 31) {
    throw invalid(`uniformInt needs integers min <= max less than 2^31 apart, not ${min} and ${max}`, { min, max })
  }
  return (_index, random) => min + random.below(count)
}

/**
 * A uniformly distributed number in `min <= x < max`.
 *
 * @example
 * const source = new DataGeneratorSource({ fields: { share: uniformDouble(0, 1) }, count: 3 })
 * const { records } = await readSource(source, { clock: new SystemClock() })
 * records.flat().every(({ share }) => share >= 0 && share < 1) // -> true
 */
export function uniformDouble(min: number, max: number): FieldGenerator<number> {
  if (!Number.isFinite(max - min) || min > max) {
    throw invalid(`uniformDouble needs numbers min <= max, not ${min} and ${max}`, { min, max })
  }
  return (_index, random) => min + random.double() * (max - min)
}

/**
 * One of `values`, all equally likely.
 *
 * @example
 * const source = new DataGeneratorSource({ fields: { user: choice(['ann', 'bob']) }, count: 3 })
 * const { records } = await readSource(source, { clock: new SystemClock() })
 * records.flat().every(({ user }) => user === 'ann' || user === 'bob') // -> true
 */
export function choice<const V>(values: readonly V[]): FieldGenerator<V> {
  if (values.length === 0) throw invalid('choice needs at least one value', {})
  return (_index, random) => values[random.below(values.length)]!
}

/**
 * `length` letters out of `alphabet`, `a` to `z` by default.
 *
 * @example
 * const source = new DataGeneratorSource({ fields: { word: string(4) }, count: 3 })
 * const { records } = await readSource(source, { clock: new SystemClock() })
 * records.flat().every(({ word }) => /^[a-z]{4}$/.test(word)) // -> true
 */
export function string(length: number, alphabet: string = LETTERS): FieldGenerator<string> {
  if (!Number.isSafeInteger(length) || length < 0 || alphabet === '') {
    throw invalid(`string needs a length of at least 0 and an alphabet, not ${length} and "${alphabet}"`, { length })
  }
  const letters = Array.from(alphabet)
  return (_index, random) => {
    let text = ''
    for (let i = 0; i < length; i++) text += letters[random.below(letters.length)]!
    return text
  }
}

/** Where {@link timestamp} begins and how it goes on. */
export interface TimestampOptions {
  /** Of record 0, in milliseconds since the epoch; 2026-01-01T00:00:00Z by default. */
  readonly startMs?: number
  /** From one record to the next; 1 by default, fractions are allowed. */
  readonly stepMs?: number
  /** Each time stamp is up to so many milliseconds earlier, at random: records out of order. 0 by default. */
  readonly outOfOrderMs?: number
}

/**
 * Milliseconds since the epoch that advance steadily with the records.
 *
 * @example
 * const source = new DataGeneratorSource({ fields: { at: timestamp({ startMs: 0, stepMs: 10 }) }, count: 3 })
 * const { records } = await readSource(source, { clock: new SystemClock() })
 * records // -> [[{ at: 0 }, { at: 10 }, { at: 20 }]]
 */
export function timestamp(options: TimestampOptions = {}): FieldGenerator<number> {
  const { startMs = Date.UTC(2026, 0, 1), stepMs = 1, outOfOrderMs = 0 } = options
  if (!Number.isSafeInteger(outOfOrderMs) || outOfOrderMs < 0 || outOfOrderMs >= 2 ** 31) {
    throw invalid(`outOfOrderMs must be an integer of at least 0, not ${outOfOrderMs}`, { outOfOrderMs })
  }
  if (outOfOrderMs === 0) return (index) => startMs + Math.floor(index * stepMs)
  return (index, random) => startMs + Math.floor(index * stepMs) - random.below(outOfOrderMs + 1)
}

/** Makes whole records of the generators of their fields. The fields draw one after the other. */
export function recordGenerator<T>(fields: FieldGenerators<T>): (index: number, random: RecordRandom) => T {
  const names = Object.keys(fields) as (keyof T)[]
  const generators = names.map((name) => fields[name])
  return (index, random) => {
    const record: Partial<T> = {}
    for (let i = 0; i < names.length; i++) record[names[i]!] = generators[i]!(index, random)
    // Every field of `T` has been set.
    return record as T
  }
}

function invalid(message: string, facts: Readonly<Record<string, unknown>>): ConnectorError {
  return new ConnectorError('INVALID_OPTION', message, facts)
}
