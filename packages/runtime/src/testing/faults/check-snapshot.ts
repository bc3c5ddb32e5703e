import type { Clock } from '../../base/clock.ts'
import { SeededRandom } from '../../base/random.ts'
import { GeneralDecoder } from '../../record/general-decoder.ts'
import { KeyGroupReader, readKeyGroupEntries } from '../../snapshot/key-group-codec.ts'
import { METADATA_FILE, readSnapshot } from '../../snapshot/open-snapshot.ts'
import type { OperatorState, OperatorSubtaskState, SnapshotMetadata } from '../../snapshot/snapshot.ts'
import { type BlockReaders, createBlockReaders } from '../../snapshot/snapshot-reader.ts'
import { SimulatedStorage } from '../simulated-storage.ts'
import type { FaultPlan } from './fault-plan.ts'
import { inputRecord, type OutputRecord, splitsOf } from './fault-records.ts'
import { expectNone } from './fault-violation.ts'
import { LEDGER_STATES, LEDGER_UID, RULE_COUNT, RULES } from './ledger.ts'
import type { ReplayableSplit } from './replayable-source.ts'

/** A complete snapshot as it stood on disk when its metadata was published. */
export interface PublishedSnapshot {
  /** Of its `_metadata`. */
  readonly path: string
  readonly files: ReadonlyMap<string, Uint8Array>
}

/** What the ledger must keep for one key. */
interface LedgerEntry {
  count: number
  readonly last: Map<string, number>
  due: readonly OutputRecord[]
  timer: number | undefined
  timers: readonly number[]
}

/** Fires at once: for storage that is only looked into. */
const noWaiting: Clock = {
  now: () => 0,
  monotonicMs: () => 0,
  schedule: (_delayMs, callback) => {
    queueMicrotask(callback)
    return () => {}
  },
}

/**
 * A snapshot must hold the effect of all records before the offsets of its sources, and of no others. So it tells of barriers
 * out of order, and of records that were handled on the wrong side of them. Throws FaultViolation.
 */
export async function checkSnapshot(plan: FaultPlan, { path, files }: PublishedSnapshot): Promise<void> {
  const storage = new SimulatedStorage({ clock: noWaiting, random: new SeededRandom(1), files })
  const directory = path.slice(0, -METADATA_FILE.length - 1)
  const { metadata } = await readSnapshot(storage, directory)
  const blocks = createBlockReaders(storage, directory)
  const ledger = operatorOf(metadata, LEDGER_UID)
  // What has ended keeps nothing.
  if (ledger.subtasks.some(({ isFinished }) => isFinished)) return
  const what = `Snapshot ${metadata.checkpointId} (${metadata.kind})`
  const expected = new Map<string, LedgerEntry>()
  let total = 0
  for (const source of plan.splitCounts.keys()) {
    for (const [split, next] of await positionsOf(plan, source, metadata, blocks)) {
      total += next
      for (let n = 0; n < next; n++) addTo(expected, inputRecord(plan, source, split, n))
    }
  }
  expectNone(`${what} is not the fold of the input up to its offsets`, [
    ...differences(plan, expected, await entriesOf(ledger, blocks)),
    ...(await differenceOfTotals(ledger, blocks, total)),
    ...(plan.shape === 'broadcast' ? await differencesOfRules(metadata, ledger, blocks) : []),
  ])
}

function operatorOf(metadata: SnapshotMetadata, uid: string): OperatorState {
  const operator = metadata.operators.find((each) => each.uid === uid)
  if (operator === undefined) throw new Error(`Snapshot ${metadata.checkpointId} has no operator ${uid}`)
  return operator
}

/** By split: how many of its records come before the snapshot. */
async function positionsOf(
  plan: FaultPlan,
  source: number,
  metadata: SnapshotMetadata,
  blocks: BlockReaders,
): Promise<ReadonlyMap<string, number>> {
  // A split that nobody has any more was read to its end.
  const positions = new Map(splitsOf(plan, source))
  for (const { splitId, next } of await splitsIn(operatorOf(metadata, `source-${source}`), blocks)) {
    positions.set(splitId, next)
  }
  return positions
}

/** What the enumerator and the readers of a source keep. */
async function splitsIn(operator: OperatorState, blocks: BlockReaders): Promise<readonly ReplayableSplit[]> {
  const unassigned = operator.coordinator === undefined ? [] : new GeneralDecoder().decode(operator.coordinator)
  const assigned = await listItems(operator, 'SourceReaderState', blocks)
  return [...(unassigned as ReplayableSplit[]), ...(assigned as ReplayableSplit[])]
}

/** All subtasks must know as many rules as the source has sent. */
async function differencesOfRules(
  metadata: SnapshotMetadata,
  ledger: OperatorState,
  blocks: BlockReaders,
): Promise<string[]> {
  const [split] = await splitsIn(operatorOf(metadata, 'rules'), blocks)
  const sent = split?.next ?? RULE_COUNT
  const found = await Promise.all(ledger.subtasks.map((subtask) => itemsOf(subtask, RULES.name, blocks)))
  return found.flatMap(({ length }, subtask) =>
    length === sent ? [] : [`subtask ${subtask} knows ${length} rules, not ${sent}`],
  )
}

async function listItems(operator: OperatorState, name: string, blocks: BlockReaders): Promise<unknown[]> {
  return (await Promise.all(operator.subtasks.map((subtask) => itemsOf(subtask, name, blocks)))).flat()
}

async function itemsOf({ lists }: OperatorSubtaskState, name: string, { readItems }: BlockReaders): Promise<unknown[]> {
  const items: unknown[] = []
  for (const handle of lists) {
    if (handle.name !== name) continue
    for (const item of await readItems({ handle, first: 0, step: 1 })) items.push(new GeneralDecoder().decode(item))
  }
  return items
}

async function entriesOf(ledger: OperatorState, { readBlock }: BlockReaders): Promise<Map<string, LedgerEntry>> {
  const entries = new Map<string, LedgerEntry>()
  for (const { keyed } of ledger.subtasks) {
    if (keyed === undefined) continue
    for (const i of keyed.keyGroups.keys()) {
      const bytes = await readBlock(keyed, i)
      for (const { stateIndex, key, values, mapKeys } of readKeyGroupEntries(
        new KeyGroupReader(),
        bytes,
        keyed.states,
      )) {
        const entry = entryOf(entries, key as string)
        const { name, kind } = keyed.states[stateIndex]!
        if (kind === 'timers') entry.timers = [...entry.timers, ...(values as number[])]
        else if (name === LEDGER_STATES.count) entry.count = values[0] as number
        else if (name === LEDGER_STATES.due) entry.due = values as OutputRecord[]
        else if (name === LEDGER_STATES.timer) entry.timer = values[0] as number
        else for (const [at, split] of mapKeys.entries()) entry.last.set(split as string, values[at] as number)
      }
    }
  }
  return entries
}

function entryOf(entries: Map<string, LedgerEntry>, key: string): LedgerEntry {
  let entry = entries.get(key)
  if (entry === undefined) {
    entry = { count: 0, last: new Map(), due: [], timer: undefined, timers: [] }
    entries.set(key, entry)
  }
  return entry
}

function addTo(expected: Map<string, LedgerEntry>, { key, split, n }: ReturnType<typeof inputRecord>): void {
  const entry = entryOf(expected, key)
  entry.count++
  entry.last.set(split, n)
}

function* differences(
  plan: FaultPlan,
  expected: ReadonlyMap<string, LedgerEntry>,
  entries: ReadonlyMap<string, LedgerEntry>,
): Generator<string> {
  for (const key of new Set([...expected.keys(), ...entries.keys()])) {
    const [wanted, found] = [expected.get(key), entries.get(key)]
    if (found?.count !== wanted?.count) yield `${key}: count ${found?.count}, not ${wanted?.count}`
    if (found === undefined || wanted === undefined) continue
    if (plan.shape !== 'rebalanced' && shown(found.last) !== shown(wanted.last)) {
      yield `${key}: last of splits ${shown(found.last)}, not ${shown(wanted.last)}`
    }
    // One timer while something is due, and none without.
    const timers = found.timer === undefined ? [] : [found.timer]
    if (String(found.timers) !== String(timers)) yield `${key}: timers ${found.timers}, not ${timers}`
    if (found.due.length > 0 !== (found.timer !== undefined))
      yield `${key}: ${found.due.length} due, timer ${found.timer}`
  }
}

async function differenceOfTotals(ledger: OperatorState, blocks: BlockReaders, total: number): Promise<string[]> {
  const handled = (await listItems(ledger, LEDGER_STATES.handled, blocks)) as number[]
  const sum = handled.reduce((a, b) => a + b, 0)
  return sum === total ? [] : [`${sum} records handled, not ${total}`]
}

function shown(map: ReadonlyMap<string, number>): string {
  return [...map].toSorted(([a], [b]) => (a < b ? -1 : 1)).join(' ')
}
