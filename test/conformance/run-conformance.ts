import { readFileSync } from 'node:fs'
import { type CaseResult, FormError, reportLines } from './conformance.ts'
import { compareKeyGroups } from './key-groups.ts'
import { comparePlans } from './plans.ts'
import { compareRanges } from './ranges.ts'
import { compareUids } from './uids.ts'

const comparisons: Readonly<Record<string, (document: unknown) => readonly CaseResult[]>> = {
  keygroups: compareKeyGroups,
  ranges: compareRanges,
  uids: compareUids,
  plan: comparePlans,
}

export interface ConformanceRun {
  /** 0: all agree; 1: there is a difference; 2: the arguments or the file are wrong. */
  readonly exitStatus: 0 | 1 | 2
  readonly output: readonly string[]
  readonly errors: readonly string[]
}

/** `pnpm conformance keygroups|ranges|uids|plan FILE`. */
export function runConformance(args: readonly string[]): ConformanceRun {
  const [kind, file, ...rest] = args
  const compare = kind !== undefined && Object.hasOwn(comparisons, kind) ? comparisons[kind] : undefined
  if (compare === undefined || file === undefined || rest.length > 0) {
    return failed(`usage: pnpm conformance ${Object.keys(comparisons).join('|')} FILE`)
  }
  let document: unknown
  try {
    document = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    return failed(`Cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
  try {
    const results = compare(document)
    const differs = results.some(({ outcome }) => outcome === 'differs')
    return { exitStatus: differs ? 1 : 0, output: reportLines(results), errors: [] }
  } catch (error) {
    if (error instanceof FormError) return failed(`${file} is not a file of ${kind}: ${error.message}`)
    throw error
  }
}

function failed(message: string): ConformanceRun {
  return { exitStatus: 2, output: [], errors: [message] }
}
