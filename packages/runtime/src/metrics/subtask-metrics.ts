import { MetricError } from './metric-error.ts'
import type { Counter, Gauge, MetricGroup, MetricKind } from './metric-group.ts'

/** What every subtask counts, in the order of their places in shared memory. Times are milliseconds. */
const NUMBERS = ['recordsIn', 'recordsOut', 'bytesIn', 'bytesOut', 'busyMs', 'backPressuredMs', 'idleMs'] as const

export type SubtaskNumbers = Readonly<Record<(typeof NUMBERS)[number], number>>

/** Users' counters of one subtask, all operators of its chain together. */
export const COUNTERS_MAX = 250
const NAME_CHARACTERS_MAX = 256

const LENGTH = NUMBERS.length + COUNTERS_MAX

/** The numbers of one subtask in shared memory: written by its worker alone, read by the coordinator at any time. */
export function allocateSubtaskMetrics(): SharedArrayBuffer {
  return new SharedArrayBuffer(LENGTH * Float64Array.BYTES_PER_ELEMENT)
}

/** The coordinator's side: a reading, never torn within one number. */
export function readSubtaskNumbers(memory: SharedArrayBuffer): SubtaskNumbers {
  const values = new Float64Array(memory)
  return Object.fromEntries(NUMBERS.map((name, i) => [name, values[i]!])) as SubtaskNumbers
}

export function readCounter(memory: SharedArrayBuffer, place: number): number {
  return new Float64Array(memory)[NUMBERS.length + place]!
}

/** Told of each new counter or gauge: its full name, its place, and what it is. */
export type OnCounter = (name: string, place: number, kind: MetricKind) => void

/** The worker's side. */
export class SubtaskMetrics {
  readonly #values: Float64Array
  readonly #counters = new Map<string, SharedNumber>()
  /** How many operators of each name there are. */
  readonly #operators = new Map<string, number>()
  readonly #onCounter: OnCounter

  constructor(memory: SharedArrayBuffer, onCounter: OnCounter) {
    this.#values = new Float64Array(memory)
    this.#onCounter = onCounter
  }

  publish(numbers: SubtaskNumbers): void {
    for (let i = 0; i < NUMBERS.length; i++) this.#values[i] = numbers[NUMBERS[i]!]
  }

  /** The metrics of one operator; to be asked for once, in the order of the chain: the second `Map` is `Map#2`. */
  group(operatorName: string): MetricGroup {
    const nth = (this.#operators.get(operatorName) ?? 0) + 1
    this.#operators.set(operatorName, nth)
    const prefix = nth === 1 ? operatorName : `${operatorName}#${nth}`
    return {
      counter: (name) => {
        checkName(name)
        return this.#counter(`${prefix}.${name}`, 'counter')
      },
      gauge: (name, aggregation = 'sum') => {
        checkName(name)
        return this.#counter(`${prefix}.${name}`, aggregation)
      },
    }
  }

  #counter(name: string, kind: MetricKind): SharedNumber {
    const known = this.#counters.get(name)
    if (known !== undefined) return known
    const place = this.#counters.size
    if (place >= COUNTERS_MAX) {
      throw new MetricError(
        'TOO_MANY_COUNTERS',
        `Cannot create the counter "${name}": a subtask has at most ${COUNTERS_MAX} counters. Use fewer names; a name should not depend on the data.`,
        { name, countersMax: COUNTERS_MAX },
      )
    }
    const counter = new SharedNumber(this.#values, NUMBERS.length + place)
    this.#counters.set(name, counter)
    this.#onCounter(name, place, kind)
    return counter
  }
}

function checkName(name: unknown): void {
  if (typeof name === 'string' && name !== '' && name.length <= NAME_CHARACTERS_MAX) return
  const given = typeof name === 'string' ? `a name of ${name.length} characters` : `a ${typeof name} as its name`
  throw new MetricError(
    'INVALID_COUNTER_NAME',
    `Cannot create a counter with ${given}: a name is a text of 1 to ${NAME_CHARACTERS_MAX} characters`,
    { given },
  )
}

class SharedNumber implements Counter, Gauge {
  readonly #values: Float64Array
  readonly #place: number

  constructor(values: Float64Array, place: number) {
    this.#values = values
    this.#place = place
  }

  inc(n = 1): void {
    this.#values[this.#place]! += n
  }

  set(value: number): void {
    this.#values[this.#place] = value
  }

  count(): number {
    return this.#values[this.#place]!
  }
}
