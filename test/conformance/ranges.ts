import { flinkMurmurHash } from '../../packages/runtime/src/keys/flink-murmur-hash.ts'
import { keyGroupRangeForSubtask } from '../../packages/runtime/src/keys/key-group-range.ts'
import { defaultMaxParallelism } from '../../packages/runtime/src/keys/max-parallelism.ts'
import { type CaseResult, caseResult, differencesBetween } from './conformance.ts'
import { array, integer, integerPair, object } from './form.ts'

/** Key group ranges of every subtask, default max parallelisms, and Flink's murmur hash. */
export function compareRanges(document: unknown): readonly CaseResult[] {
  const file = object(document, 'the file')
  return [
    ...array(file.ranges, 'ranges').map((entry, i) => compareRange(entry, `ranges[${i}]`)),
    ...array(file.defaultMaxParallelism, 'defaultMaxParallelism').map((entry, i) => {
      const [parallelism, expected] = integerPair(entry, `defaultMaxParallelism[${i}]`)
      const name = `default max parallelism of ${parallelism}`
      return caseResult(name, differencesBetween(expected, defaultMaxParallelism(parallelism), 'it'))
    }),
    ...array(file.murmurHash, 'murmurHash').map((entry, i) => {
      const [code, expected] = integerPair(entry, `murmurHash[${i}]`)
      return caseResult(`murmur hash of ${code}`, differencesBetween(expected, flinkMurmurHash(code), 'it'))
    }),
  ]
}

function compareRange(entry: unknown, place: string): CaseResult {
  const expected = object(entry, place)
  const maxParallelism = integer(expected.maxParallelism, `${place}.maxParallelism`)
  const parallelism = integer(expected.parallelism, `${place}.parallelism`)
  const ranges = Array.from({ length: parallelism }, (_, index) => {
    const { start, end } = keyGroupRangeForSubtask(index, maxParallelism, parallelism)
    return [start, end]
  })
  const name = `ranges of parallelism ${parallelism}, max parallelism ${maxParallelism}`
  return caseResult(name, differencesBetween(expected, { maxParallelism, parallelism, ranges }))
}
