import type { FaultPlan } from './fault-plan.ts'

/** A record of a source: which one, split and number, and the key that follows from them. */
export interface InputRecord {
  readonly source: number
  readonly split: string
  readonly n: number
  readonly key: string
}

/** What the job writes: one for each record at once, and one for it from a timer of its key. */
export interface OutputRecord extends InputRecord {
  readonly kind: 'record' | 'timer'
  /** How many records the key has had, this one included. */
  readonly count: number
  /** The number of the record before it of the same split and key; -1 if it is the first. */
  readonly previous: number
  /** How many broadcast rules were known. */
  readonly rules: number
  /** How many outputs the group of the key has had, where outputs are keyed again; else 0. */
  readonly groupCount: number
}

/** `split` of source -> number of its records. */
export function splitsOf(plan: FaultPlan, source: number): ReadonlyMap<string, number> {
  return new Map(plan.splitCounts[source]!.map((count, i) => [`s${source}-${i}`, count]))
}

export function inputRecord(plan: FaultPlan, source: number, split: string, n: number): InputRecord {
  // Multiplied so that neighbours rarely have the same key.
  const mixed = Math.imul(n + 1, 0x9e3779b1) ^ Math.imul(source * 16 + Number(split.split('-')[1]) + 1, 0x85ebca6b)
  return { source, split, n, key: `key ${(mixed >>> 8) % plan.keyCount}` }
}

/** All records of the job, by split in order. */
export function allInput(plan: FaultPlan): readonly InputRecord[] {
  return plan.splitCounts.flatMap((_, source) =>
    [...splitsOf(plan, source)].flatMap(([split, count]) =>
      Array.from({ length: count }, (_, n) => inputRecord(plan, source, split, n)),
    ),
  )
}

/** Of the second keyBy: fewer than keys, so that keys meet there. */
export function groupOf({ key }: InputRecord): string {
  return `group ${key.at(-1)}`
}
