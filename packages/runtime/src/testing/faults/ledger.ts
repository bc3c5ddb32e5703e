import type { TaskInfo } from '../../connector/task-info.ts'
import type { BroadcastContext, KeyedReadOnlyBroadcastContext } from '../../operators/broadcast-process-function.ts'
import type { FunctionInitializationContext } from '../../operators/checkpointed-function.ts'
import type { Collector } from '../../operators/functions.ts'
import type { KeyedProcessContext, OnTimerContext } from '../../operators/keyed-process-function.ts'
import type { RuntimeContext } from '../../operators/runtime-context.ts'
import type { ListState, MapState, OperatorListState, ValueState } from '../../state/state.ts'
import { ListStateDescriptor, MapStateDescriptor, ValueStateDescriptor } from '../../state/state-descriptor.ts'
import { groupOf, type InputRecord, type OutputRecord } from './fault-records.ts'
import type { FaultWorld } from './fault-world.ts'

/** Names of the ledger's states, by which snapshots are read. */
export const LEDGER_UID = 'ledger'
export const LEDGER_STATES = { count: 'count', last: 'last', due: 'due', timer: 'timer', handled: 'handled' } as const

/** A broadcast record: the rules come in order, beginning with 0. */
export interface Rule {
  readonly rule: number
}
export const RULE_COUNT = 20
export const RULES: MapStateDescriptor<number, Rule> = new MapStateDescriptor<number, Rule>('rules')

/**
 * The keyed function under test. It uses every kind of keyed state that can tell what was lost or doubled: counts the records
 * of each key, links each to the one before it of its split, and gives each out once more by a timer, of which a key has one
 * at a time. So what it writes is known beforehand, whatever the interleaving.
 */
export class Ledger {
  readonly #world: FaultWorld
  #taskInfo!: TaskInfo
  #count!: ValueState<number>
  #last!: MapState<string, number>
  #due!: ListState<OutputRecord>
  #timer!: ValueState<number>
  #handledState!: OperatorListState<number>
  /** Records of all keys, kept as an item of a list that is dealt out. */
  #handled = 0

  constructor(world: FaultWorld) {
    this.#world = world
  }

  initializeState({ operatorStateStore }: FunctionInitializationContext): void {
    this.#handledState = operatorStateStore.getListState(new ListStateDescriptor<number>(LEDGER_STATES.handled))
    for (const handled of this.#handledState.get()) this.#handled += handled
  }

  open(context: RuntimeContext): void {
    this.#taskInfo = context.taskInfo
    this.#world.faults.reach('keyed open', context.taskInfo.index)
    this.#count = context.getState(new ValueStateDescriptor<number>(LEDGER_STATES.count))
    this.#last = context.getMapState(new MapStateDescriptor<string, number>(LEDGER_STATES.last))
    this.#due = context.getListState(new ListStateDescriptor<OutputRecord>(LEDGER_STATES.due))
    this.#timer = context.getState(new ValueStateDescriptor<number>(LEDGER_STATES.timer))
  }

  snapshotState(): void {
    this.#world.faults.reach('keyed snapshot', this.#taskInfo.index)
    this.#handledState.update([this.#handled])
  }

  notifyCheckpointComplete(): void {
    this.#world.faults.reach('checkpoint complete', this.#taskInfo.index)
  }

  take(record: InputRecord, context: KeyedProcessContext<string>, rules: number): OutputRecord {
    const { faults, plan } = this.#world
    const { key, split, n } = record
    faults.reach('keyed record', this.#taskInfo.index)
    this.#world.owns(key, this.#taskInfo)
    if (context.getCurrentKey() !== key) this.#world.violations.push(`${key} came as ${context.getCurrentKey()}`)
    const count = (this.#count.value() ?? 0) + 1
    this.#count.update(count)
    const previous = this.#last.get(split) ?? -1
    this.#last.put(split, n)
    this.#handled++
    const output: OutputRecord = { ...record, kind: 'record', count, previous, rules, groupCount: 0 }
    this.#due.add(output)
    if (this.#timer.value() === undefined) {
      const dueMs = context.timerService().currentProcessingTime() + ((n * 7 + count) % plan.timerDelayMsMax)
      context.timerService().registerProcessingTimeTimer(dueMs)
      this.#timer.update(dueMs)
    }
    return output
  }

  *onTimer(timestampMs: number, context: OnTimerContext<string>): Generator<OutputRecord> {
    const { faults, violations } = this.#world
    const key = context.getCurrentKey()
    faults.reach('keyed timer', this.#taskInfo.index)
    this.#world.owns(key, this.#taskInfo)
    if (this.#timer.value() !== timestampMs) {
      violations.push(`A timer of ${key} fired for ${timestampMs}, but was set for ${this.#timer.value()}`)
    }
    if (context.timerService().currentProcessingTime() < timestampMs) violations.push(`A timer of ${key} fired early`)
    this.#timer.clear()
    const due = this.#due.get()
    this.#due.clear()
    for (const output of due) yield { ...output, kind: 'timer' }
  }
}

export class ProcessLedger extends Ledger {
  processElement(record: InputRecord, context: KeyedProcessContext<string>, out: Collector<OutputRecord>): void {
    out.collect(this.take(record, context, 0))
  }
}

export class ConnectedLedger extends Ledger {
  processElement1(record: InputRecord, context: KeyedProcessContext<string>, out: Collector<OutputRecord>): void {
    out.collect(this.take(record, context, 0))
  }

  processElement2(record: InputRecord, context: KeyedProcessContext<string>, out: Collector<OutputRecord>): void {
    out.collect(this.take(record, context, 0))
  }
}

export class BroadcastLedger extends Ledger {
  readonly #rules: FaultWorld

  constructor(world: FaultWorld) {
    super(world)
    this.#rules = world
  }

  processElement(
    record: InputRecord,
    context: KeyedReadOnlyBroadcastContext<string>,
    out: Collector<OutputRecord>,
  ): void {
    out.collect(this.take(record, context, [...context.getBroadcastState(RULES).entries()].length))
  }

  processBroadcastElement(rule: Rule, context: BroadcastContext): void {
    const rules = context.getBroadcastState(RULES)
    const known = [...rules.entries()].length
    if (rule.rule !== known && this.#rules.plan.mode === 'EXACTLY_ONCE') {
      this.#rules.violations.push(`Rule ${rule.rule} came when ${known} were known`)
    }
    rules.put(rule.rule, rule)
  }
}

/** A second keyed function, behind a second exchange: counts the outputs of each group of keys. */
export class GroupTally {
  readonly #world: FaultWorld
  #taskInfo!: TaskInfo
  #count!: ValueState<number>

  constructor(world: FaultWorld) {
    this.#world = world
  }

  open(context: RuntimeContext): void {
    this.#taskInfo = context.taskInfo
    this.#count = context.getState(new ValueStateDescriptor<number>('count'))
  }

  processElement(record: OutputRecord, _context: KeyedProcessContext<string>, out: Collector<OutputRecord>): void {
    this.#world.owns(groupOf(record), this.#taskInfo)
    const groupCount = (this.#count.value() ?? 0) + 1
    this.#count.update(groupCount)
    out.collect({ ...record, groupCount })
  }
}
