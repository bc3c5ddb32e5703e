import { GeneralDecoder } from '../record/general-decoder.ts'
import { RecordError } from '../record/record-error.ts'
import { canonicalJson, pairJson, UnregisteredInstance } from './canonical-json.ts'
import { type KeyedStateEntry, KeyGroupReader, readKeyGroupEntries } from './key-group-codec.ts'
import type { OpenedSnapshot } from './open-snapshot.ts'
import type { KeyedStateMeta, OperatorState } from './snapshot.ts'
import { SnapshotError } from './snapshot-error.ts'
import { type BlockReaders, createBlockReaders } from './snapshot-reader.ts'
import type { SnapshotStorage } from './snapshot-storage.ts'

/**
 * The state in a snapshot as lines of JSON, without their line ends. They are canonical: the same keyed state gives the same
 * lines in the same order, at any parallelism. By operator id; then keyed entries by key group, state and key; then what
 * is not keyed, sorted, and marked by its `kind`: `split`, `union` (items of all subtasks), `broadcast` (of one, since all
 * have the same) and `coordinator`. Neither the job nor its classes are needed.
 *
 * Holds one key group, or one operator state, at a time. Throws SnapshotError.
 */
export async function* exportSnapshot(
  storage: SnapshotStorage,
  { metadata, directory }: OpenedSnapshot,
): AsyncGenerator<string, void, undefined> {
  const readers = createBlockReaders(storage, directory)
  const operators = [...metadata.operators].sort((a, b) => (a.operatorId < b.operatorId ? -1 : 1))
  for (const operator of operators) {
    yield* exportKeyed(operator, readers, directory)
    yield* exportLists(operator, readers, directory)
  }
}

async function* exportKeyed(
  operator: OperatorState,
  { readBlock }: BlockReaders,
  directory: string,
): AsyncGenerator<string, void, undefined> {
  const prefix = operatorJson(operator)
  const reader = new KeyGroupReader(undefined, instanceOf)
  for (const { keyed } of operator.subtasks) {
    if (keyed === undefined) continue
    for (const [index, { keyGroup, keyCounts }] of keyed.keyGroups.entries()) {
      const block = await readBlock(keyed, index)
      const place = `key group ${keyGroup} of operator "${operator.name}"`
      const lines = decoded(directory, place, () => {
        const entries = [...readKeyGroupEntries(reader, block, keyed.states)]
        const counts = keyCounts.map(() => 0)
        for (const { stateIndex } of entries) counts[stateIndex]!++
        if (counts.join() !== keyCounts.join()) {
          throw undecodable(directory, place, `its states have ${counts.join()} keys, expected ${keyCounts.join()}`)
        }
        return entries.map((entry) => keyedLine(prefix, keyGroup, keyed.states[entry.stateIndex]!, entry))
      })
      for (const { text } of sorted(lines)) yield text
    }
  }
}

interface Line {
  /** What lines are sorted by, in UTF-16 units. */
  readonly order: string
  readonly text: string
}

function keyedLine(
  prefix: string,
  keyGroup: number,
  { name, kind, hasTtl }: KeyedStateMeta,
  entry: KeyedStateEntry,
): Line {
  const key = canonicalJson(entry.key)
  const { value, lastUsedMs } = valueJson(kind, entry)
  const ttl = hasTtl ? `,"lastUsedMs":${lastUsedMs}` : ''
  const state = JSON.stringify(name)
  const text = `{${prefix},"keyGroup":${keyGroup},"state":${state},"kind":"${kind}","key":${key},"value":${value}${ttl}}`
  // No JSON text has this separator in it, and every character comes after it.
  return { order: `${state}\u0000${key}`, text }
}

function valueJson(
  kind: KeyedStateMeta['kind'],
  { values, mapKeys, lastUsedMs }: KeyedStateEntry,
): { readonly value: string; readonly lastUsedMs: string } {
  switch (kind) {
    case 'list':
      return { value: canonicalJson(values), lastUsedMs: canonicalJson(lastUsedMs) }
    case 'timers':
      return { value: canonicalJson([...(values as number[])].sort((a, b) => a - b)), lastUsedMs: '[]' }
    case 'map': {
      const entries = sorted(
        mapKeys.map((key, i) => ({
          order: canonicalJson(key),
          text: pairJson([key, values[i]]),
          time: lastUsedMs[i],
        })),
      )
      return {
        value: `[${entries.map(({ text }) => text).join(',')}]`,
        lastUsedMs: canonicalJson(entries.map(({ time }) => time)),
      }
    }
    default:
      return { value: canonicalJson(values[0]), lastUsedMs: canonicalJson(lastUsedMs[0]) }
  }
}

async function* exportLists(
  operator: OperatorState,
  { readItems }: BlockReaders,
  directory: string,
): AsyncGenerator<string, void, undefined> {
  const prefix = operatorJson(operator)
  const decoder = new GeneralDecoder(undefined, instanceOf)
  const names = [...new Set(operator.subtasks.flatMap(({ lists }) => lists.map(({ name }) => name)))].sort()
  for (const name of names) {
    const all = operator.subtasks.flatMap(({ lists }) => lists.filter((list) => list.name === name))
    const { mode } = all[0]!
    const lines: Line[] = []
    for (const handle of mode === 'broadcast' ? all.slice(0, 1) : all) {
      const items = await readItems({ handle, first: 0, step: 1 })
      for (const item of items) {
        const place = `list state "${name}" of operator "${operator.name}"`
        const value = decoded(directory, place, () => canonicalJson(decoder.decode(item)))
        const text = `{${prefix},"state":${JSON.stringify(name)},"kind":"${mode}","value":${value}}`
        lines.push({ order: value, text })
      }
    }
    for (const { text } of sorted(lines)) yield text
  }
  if (operator.coordinator !== undefined) {
    yield `{${prefix},"kind":"coordinator","value":${coordinatorJson(decoder, operator.coordinator)}}`
  }
}

/** Enumerators of ours keep a value of the general codec; if it is none, its bytes tell. */
function coordinatorJson(decoder: GeneralDecoder, state: Uint8Array): string {
  try {
    return canonicalJson(decoder.decode(state))
  } catch (error) {
    if (error instanceof RecordError) return canonicalJson(new Uint8Array(state))
    throw error
  }
}

function operatorJson({ uid, operatorId }: OperatorState): string {
  return `"operator":${JSON.stringify(uid ?? operatorId)}`
}

function instanceOf(typeName: string, plain: unknown): UnregisteredInstance {
  return new UnregisteredInstance(typeName, plain)
}

function sorted<T extends { readonly order: string }>(lines: readonly T[]): readonly T[] {
  return [...lines].sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0))
}

function decoded<T>(directory: string, place: string, decode: () => T): T {
  try {
    return decode()
  } catch (cause) {
    if (cause instanceof RecordError) throw undecodable(directory, place, cause.message, { cause })
    throw cause
  }
}

/** Its checksum is right, so it was written like this. */
function undecodable(directory: string, block: string, what: string, options?: ErrorOptions): SnapshotError {
  return new SnapshotError(
    'SNAPSHOT_CORRUPT',
    `Cannot read the snapshot ${directory}: ${block} cannot be decoded: ${what}. It was damaged before it was written: use another snapshot.`,
    { directory, block },
    options,
  )
}
