import type { OptionType } from './option-type.ts'

/** The heading under which the documentation shows an option. */
export type OptionSection =
  | 'Job'
  | 'Execution'
  | 'Checkpoints'
  | 'Savepoints'
  | 'Restarts'
  | 'Slots and memory'
  | 'REST API'
  | 'Connectors'

/** One row of the table of options: everything there is to know about a key. */
export interface ConfigurationOption<T> {
  /** Flink's key, where Flink has one. */
  readonly key: string
  readonly section: OptionSection
  readonly type: OptionType<NonNullable<T>>
  /** What holds when nobody sets it. Undefined: nothing; the description says what follows from that. */
  readonly defaultValue: T
  /** Plain sentences, in Markdown. */
  readonly description: string
  /** Keys that mean the same and are read with a warning. */
  readonly deprecatedKeys: readonly string[]
  /** False where Flink knows no such key. */
  readonly isFlinkKey: boolean
}
