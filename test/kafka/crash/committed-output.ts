import { type InputShape, keyOf } from './numbered-input.ts'

/** What a test writes behind all output, into each partition: whoever has read it has read everything. */
export const endMark = 'the end'

/** How many violations are told of each kind. */
const toldMax = 8

interface Seen {
  readonly partition: string
  readonly numbers: number[]
  readonly where: string[]
}

/**
 * What is wrong with the output, as Kafka's console consumer prints it (`Partition:3 Offset:17 key 12 12`, tabs between);
 * empty if each record of the input is there once, those of each key in one partition and in their order, with the
 * right state, and an end mark closes each partition.
 */
export function violations(printed: string, shape: InputShape): readonly string[] {
  const found = { unreadable: [], misplaced: [], miscounted: [], doubled: [], disordered: [], lost: [] } as Record<
    'unreadable' | 'misplaced' | 'miscounted' | 'doubled' | 'disordered' | 'lost',
    string[]
  >
  const byKey = new Map<string, Seen>()
  const ended = new Set<string>()
  for (const line of printed.trimEnd().split('\n')) {
    const [partition = '', offset = '', key = '', value = ''] = line.split('\t')
    const where = `${partition} ${offset}`
    if (value === endMark) {
      ended.add(partition)
      continue
    }
    const [number = 0, count = 0] = value.split(' ').map(Number)
    if (!/^\d+ \d+$/.test(value)) found.unreadable.push(line)
    if (number !== count) found.miscounted.push(`${key} ${number} was counted as ${count} (${where})`)
    const seen = byKey.get(key) ?? { partition, numbers: [], where: [] }
    byKey.set(key, seen)
    if (seen.partition !== partition) found.misplaced.push(`${key} ${number} (${where}), others in ${seen.partition}`)
    seen.numbers.push(number)
    seen.where.push(where)
  }
  for (let partition = 0; partition < shape.partitions; partition++) {
    for (let index = 0; index < shape.keysPerPartition; index++) {
      const key = keyOf(shape, partition, index)
      compare(key, byKey.get(key) ?? { partition: '', numbers: [], where: [] }, shape.recordsPerKey, found)
      byKey.delete(key)
    }
  }
  for (const key of byKey.keys()) found.unreadable.push(`a key that is not in the input: ${key}`)
  const told = Object.entries(found).flatMap(([kind, all]) => [
    ...all.slice(0, toldMax).map((text) => `${kind}: ${text}`),
    ...(all.length > toldMax ? [`${kind}: ${all.length - toldMax} more`] : []),
  ])
  if (ended.size !== shape.partitions)
    told.push(`it was read to the end of ${ended.size} of ${shape.partitions} partitions`)
  return told
}

function compare(
  key: string,
  { numbers, where }: Seen,
  expected: number,
  found: Record<'doubled' | 'disordered' | 'lost', string[]>,
): void {
  const places = new Map<number, string>()
  let last = 0
  for (const [i, number] of numbers.entries()) {
    const before = places.get(number)
    if (before !== undefined) found.doubled.push(`${key} ${number} (${before} and ${where[i]})`)
    else if (number < last) found.disordered.push(`${key} ${number} behind ${last} (${where[i]})`)
    places.set(number, where[i]!)
    last = Math.max(last, number)
  }
  for (let number = 1; number <= expected; number++) {
    const around = `between ${places.get(number - 1)} and ${places.get(number + 1)}`
    if (!places.has(number)) found.lost.push(`${key} ${number} (${around})`)
  }
}
