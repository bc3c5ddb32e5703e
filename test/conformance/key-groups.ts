import { flinkMurmurHash } from '../../packages/runtime/src/keys/flink-murmur-hash.ts'
import { KeyError } from '../../packages/runtime/src/keys/key-error.ts'
import { keyGroupOf, subtaskIndexForKeyGroup } from '../../packages/runtime/src/keys/key-group.ts'
import { keyHashCode } from '../../packages/runtime/src/keys/key-hash.ts'
import { type CaseResult, caseResult, type Difference, differencesBetween, FormError } from './conformance.ts'
import { array, integer, object, text } from './form.ts'

const reasons = {
  integral:
    'a double with an integral value is hashed as the Integer or Long it equals, since JavaScript has one number type',
  negativeZero: '-0 equals 0, since it does in JavaScript',
  NaN: 'NaN is not a key, since it does not equal itself',
  float: 'there is no float: a number that is not an integer is hashed as a Double',
  bigint: 'bigint stands for Long, not for BigInteger',
  tuple: 'tuples and objects hash their canonical bytes, in which the order of properties does not count',
} as const

/** The form in which we have a key of a Java type, and why its hash may differ on purpose. */
interface OurKey {
  readonly key: unknown
  readonly reason?: string
}

/** Hash codes, murmur hashes, key groups and subtasks of keys. */
export function compareKeyGroups(document: unknown): readonly CaseResult[] {
  return array(object(document, 'the file').keys, 'keys').map((entry, i) => compareKey(entry, `keys[${i}]`))
}

function compareKey(entry: unknown, place: string): CaseResult {
  const expected = object(entry, place)
  const type = text(expected.type, `${place}.type`)
  const { key, reason } = ourKey(type, expected.key, `${place}.key`)
  const name = `${type} ${shown(expected.key)}`
  // What follows from Flink's own hash code must agree, whatever we make of the key.
  const following = followingDifferences(expected, place)
  const own = ownDifferences(expected, key)
  if (following.length === 0 && own.length > 0 && reason !== undefined) {
    return { name, outcome: 'differs-on-purpose', reason }
  }
  return caseResult(name, [...own, ...following])
}

function ownDifferences(expected: Readonly<Record<string, unknown>>, key: unknown): readonly Difference[] {
  try {
    const keyGroup = mapValues(expected.keyGroup, (_, maxParallelism) => keyGroupOf(key, maxParallelism))
    const { hashCode } = expected
    return differencesBetween({ hashCode, keyGroup: expected.keyGroup }, { hashCode: keyHashCode(key), keyGroup })
  } catch (error) {
    if (error instanceof KeyError) return [{ place: 'key', expected: expected.hashCode, actual: error.message }]
    throw error
  }
}

function followingDifferences(expected: Readonly<Record<string, unknown>>, place: string): readonly Difference[] {
  const murmurHash = flinkMurmurHash(integer(expected.hashCode, `${place}.hashCode`))
  const keyGroup = mapValues(expected.keyGroup, (_, maxParallelism) => murmurHash % maxParallelism)
  const operatorIndex = mapValues(expected.operatorIndex, (byParallelism, maxParallelism) =>
    mapValues(byParallelism, (_, parallelism) =>
      subtaskIndexForKeyGroup(murmurHash % maxParallelism, maxParallelism, parallelism),
    ),
  )
  const { murmurHash: hash, keyGroup: group, operatorIndex: index } = expected
  return differencesBetween(
    { murmurHash: hash, keyGroup: group, operatorIndex: index },
    { murmurHash, keyGroup, operatorIndex },
  )
}

/** Answers computed for the same numbers, which are the property names, as the expectations are given for. */
function mapValues(expected: unknown, answer: (value: unknown, number: number) => unknown): Record<string, unknown> {
  const entries = Object.entries(object(expected, 'keyGroup and operatorIndex'))
  return Object.fromEntries(entries.map(([number, value]) => [number, answer(value, Number(number))]))
}

function ourKey(type: string, key: unknown, place: string): OurKey {
  switch (type) {
    case 'int':
    case 'short':
    case 'byte':
      return { key: integer(key, place) }
    case 'string':
    case 'char':
      return { key: text(key, place) }
    case 'boolean':
      return { key }
    case 'long':
      return { key: bigint(key, place) }
    case 'bigint':
      return { key: bigint(key, place), reason: reasons.bigint }
    case 'double':
      return numberKey(Number(text(key, place)))
    case 'float':
      return numberKey(Math.fround(Number(text(key, place))), reasons.float)
  }
  if (/^tuple\d*</.test(type)) return { key: tupleOf(type, array(key, place), place), reason: reasons.tuple }
  throw new FormError(`${place} has the unknown type "${type}"`)
}

function bigint(value: unknown, place: string): bigint {
  const digits = text(value, place)
  if (/^-?\d+$/.test(digits)) return BigInt(digits)
  throw new FormError(`${place} must be an integer in decimal digits`)
}

function numberKey(key: number, otherwise?: string): OurKey {
  if (Number.isNaN(key)) return { key, reason: reasons.NaN }
  if (Object.is(key, -0)) return { key, reason: reasons.negativeZero }
  if (Number.isSafeInteger(key)) return { key, reason: reasons.integral }
  return otherwise === undefined ? { key } : { key, reason: otherwise }
}

/** E.g. `tuple2<int,string>`. */
function tupleOf(type: string, values: readonly unknown[], place: string): readonly unknown[] {
  const types = type.slice(type.indexOf('<') + 1, -1).split(',')
  return values.map((value, i) => ourKey(types[i] ?? '', value, `${place}[${i}]`).key)
}

function shown(key: unknown): string {
  const json = JSON.stringify(key) ?? 'undefined'
  return json.length <= 60 ? json : `${json.slice(0, 60)}...`
}
