import type { Clock, Logger } from '@millrace/runtime/connector'
import { KafkaError } from '../driver/kafka-error.ts'

/** What a format may ask of the subtask that it works in. */
export interface FormatContext {
  readonly clock: Clock
  readonly logger: Logger
  /** Aborted when the job is being canceled or has failed. */
  readonly signal: AbortSignal
}

/**
 * Thrown by a format that has to fetch something before it can read or write a record, as the schema of that record. Source and
 * sink await `prepare` and hand the same record in again, before any other, so that only records with news cost a promise. A
 * function of yours that calls formats lets it pass. What `prepare` rejects with fails the job; it is no fault of the record.
 *
 * @example
 * const names = new Map<number, string>()
 * const named: DeserializationFormat<string> = {
 *   deserialize(bytes) {
 *     const id = bytes.readInt32BE()
 *     const name = names.get(id)
 *     if (name === undefined) throw new FormatNotReady(`the name of ${id}`, async () => void names.set(id, `name ${id}`))
 *     return name
 *   },
 * }
 * const bytes = Buffer.from([0, 0, 0, 7])
 * try { named.deserialize(bytes) } catch (error) {
 *   const context = { clock: new SystemClock(), logger: silentLogger, signal: new AbortController().signal }
 *   if (error instanceof FormatNotReady) await error.prepare(context)
 * }
 * named.deserialize(bytes) // -> 'name 7'
 */
export class FormatNotReady extends KafkaError<'FORMAT_NOT_READY'> {
  /** Fetches it. Once this has resolved, the same call gets further. */
  readonly prepare: (context: FormatContext) => Promise<void>

  constructor(what: string, prepare: (context: FormatContext) => Promise<void>) {
    super('FORMAT_NOT_READY', `Cannot go on yet: ${what} is to be fetched first.`)
    this.prepare = prepare
  }
}
