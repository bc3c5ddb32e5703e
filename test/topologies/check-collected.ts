import { inspect } from 'node:util'
import { expect } from 'vitest'
import type { Expectation } from './topology.ts'

/** Compares what a job collected with what it had to; reads the difference off two sorted lists. */
export function checkCollected(
  collected: (name: string) => readonly unknown[],
  expected: Readonly<Record<string, Expectation>>,
): void {
  for (const [name, expectation] of Object.entries(expected)) {
    const records = collected(name)
    if ('inOrder' in expectation) expect(records, name).toEqual(expectation.inOrder)
    else if ('includesAll' in expectation)
      expect(records, name).toEqual(expect.arrayContaining([...expectation.includesAll]))
    else expect(sorted(records), name).toEqual(sorted(expectation.inAnyOrder))
  }
}

/** As text that tells -0 from 0, Map from Set, and so on. */
function sorted(records: readonly unknown[]): string[] {
  return records.map((record) => inspect(record, { depth: 20, maxArrayLength: null, maxStringLength: null })).toSorted()
}
