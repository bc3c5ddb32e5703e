import type { FaultPlan } from './fault-plan.ts'
import { allInput, groupOf, type InputRecord, type OutputRecord } from './fault-records.ts'
import { expectNone } from './fault-violation.ts'
import type { FaultWorld } from './fault-world.ts'
import { RULE_COUNT } from './ledger.ts'

/** Holds what became visible outside against the input of the plan. Throws FaultViolation. */
export function checkOutput(world: FaultWorld): void {
  const { plan, external } = world
  expectNone('The external system saw', external.violations)
  // Transactions become visible in any order after a restore, but are begun in order.
  const committed = external.committed.toSorted((a, b) => a.transaction - b.transaction).map(({ record }) => record)
  expectNone('Committed output', [
    ...lostAndDoubled(plan, committed),
    ...(plan.mode === 'EXACTLY_ONCE' ? outOfOrder(plan, committed) : []),
  ])
}

const nameOf = (kind: OutputRecord['kind'], { split, n }: InputRecord) => `${kind} ${split} ${n}`

function* lostAndDoubled(plan: FaultPlan, committed: readonly OutputRecord[]): Generator<string> {
  const counts = new Map<string, number>()
  for (const record of allInput(plan)) {
    for (const kind of ['record', 'timer'] as const) counts.set(nameOf(kind, record), 0)
  }
  for (const record of committed) {
    const name = nameOf(record.kind, record)
    counts.set(name, (counts.get(name) ?? Number.NaN) + 1)
  }
  for (const [name, count] of counts) {
    if (Number.isNaN(count)) yield `${name} was never sent`
    else if (count === 0) yield `${name} is lost`
    else if (count > 1 && plan.mode === 'EXACTLY_ONCE') yield `${name} is there ${count} times`
  }
}

function* outOfOrder(plan: FaultPlan, committed: readonly OutputRecord[]): Generator<string> {
  const counts = new Map<string, number>()
  const rules = new Map<string, number>()
  const groups = new Map<string, number>()
  const lastOfSplit = new Map<string, number>()
  for (const record of committed) {
    const { kind, key, split, n, count, previous, groupCount } = record
    const name = `${nameOf(kind, record)} of ${key}`
    if (plan.shape === 'rekeyed') {
      const expected = (groups.get(groupOf(record)) ?? 0) + 1
      if (groupCount !== expected) yield `${name}: output ${groupCount} of its group came where ${expected} was due`
      groups.set(groupOf(record), expected)
    }
    if (kind === 'timer') {
      if (count > (counts.get(key) ?? 0)) yield `${name}: its timer fired before it came`
      continue
    }
    const expected = (counts.get(key) ?? 0) + 1
    if (count !== expected) yield `${name}: record ${count} of its key came where ${expected} was due`
    counts.set(key, expected)
    if (record.rules < (rules.get(key) ?? 0) || record.rules > RULE_COUNT)
      yield `${name}: ${record.rules} rules were known`
    rules.set(key, record.rules)
    // A round robin before the key does not keep the order of a split.
    const expectedPrevious = lastOfSplit.get(`${key} ${split}`) ?? -1
    if (previous !== expectedPrevious) yield `${name}: came behind ${previous}, not ${expectedPrevious}`
    if (plan.shape !== 'rebalanced' && n <= previous) yield `${name}: came behind ${previous}`
    lastOfSplit.set(`${key} ${split}`, n)
  }
}
