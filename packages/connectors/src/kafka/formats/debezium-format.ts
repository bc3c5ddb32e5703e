import type { StandardSchemaV1 } from '@millrace/runtime/connector'
import { KafkaError } from '../driver/kafka-error.ts'
import type { DeserializationFormat } from './format.ts'
import { validate } from './validate.ts'

/** Where and when a change was made, for what every change has; connectors add more to `source`. */
export interface ChangeOrigin {
  /** The database's own account: its name, table, position in the log, and so on. */
  readonly source: Readonly<Record<string, unknown>>
  /** When the connector saw it, milliseconds since the epoch. */
  readonly timestampMs: number | undefined
}

/**
 * A change of a row, as Debezium tells it. `read` is a row of the first snapshot. Whether an update has `before` depends on
 * the database (PostgreSQL: `REPLICA IDENTITY FULL`).
 */
export type Change<Row> = ChangeOrigin &
  (
    | { readonly op: 'create' | 'read'; readonly before: undefined; readonly after: Row }
    | { readonly op: 'update'; readonly before: Row | undefined; readonly after: Row }
    | { readonly op: 'delete'; readonly before: Row | undefined; readonly after: undefined }
    | { readonly op: 'truncate'; readonly before: undefined; readonly after: undefined }
  )

interface Envelope {
  readonly op?: unknown
  readonly before?: unknown
  readonly after?: unknown
  readonly source?: Readonly<Record<string, unknown>> | null
  readonly ts_ms?: unknown
}

/**
 * Change events of Debezium in JSON, with their schema inside (`{ schema, payload }`) or without. The schema that is passed
 * checks rows, before and after. Messages of the database's log (`op: m`) are left out, and so are tombstones, as all null values.
 *
 * @example
 * const event = { op: 'u', before: { id: 1, city: 'Ulm' }, after: { id: 1, city: 'Bonn' }, source: { table: 'users' }, ts_ms: 5 }
 * const change = debeziumFormat<{ id: number; city: string }>().deserialize(Buffer.from(JSON.stringify(event)))
 * change?.op // -> 'update'
 * change?.after // -> { id: 1, city: 'Bonn' }
 */
export function debeziumFormat<Row = Readonly<Record<string, unknown>>>(
  schema?: StandardSchemaV1<unknown, Row>,
): DeserializationFormat<Change<Row>> {
  const deserializeText = (text: string) => toChange(JSON.parse(text), schema)
  return { deserialize: (bytes) => deserializeText(bytes.toString()), deserializeText }
}

function toChange<Row>(message: unknown, schema: StandardSchemaV1<unknown, Row> | undefined): Change<Row> | undefined {
  const envelope = envelopeOf(message)
  const { op } = envelope
  const timestampMs = typeof envelope.ts_ms === 'number' ? envelope.ts_ms : undefined
  const origin: ChangeOrigin = { source: envelope.source ?? {}, timestampMs }
  switch (op) {
    case 'c':
    case 'r':
      return {
        op: op === 'c' ? 'create' : 'read',
        before: undefined,
        after: rowOf(envelope, 'after', schema),
        ...origin,
      }
    case 'u':
      return {
        op: 'update',
        before: rowIfAny(envelope, 'before', schema),
        after: rowOf(envelope, 'after', schema),
        ...origin,
      }
    case 'd':
      return { op: 'delete', before: rowIfAny(envelope, 'before', schema), after: undefined, ...origin }
    case 't':
      return { op: 'truncate', before: undefined, after: undefined, ...origin }
    case 'm':
      return undefined
    default:
      throw notAChange(`its "op" is ${JSON.stringify(op) ?? 'missing'}, not one of c, r, u, d, t, m`)
  }
}

function envelopeOf(message: unknown): Envelope {
  if (!isObject(message)) throw notAChange('it is no object')
  if (!('op' in message) && isObject(message.payload)) return message.payload
  return message
}

function rowIfAny<Row>(
  envelope: Envelope,
  side: 'before' | 'after',
  schema: StandardSchemaV1<unknown, Row> | undefined,
): Row | undefined {
  const row = envelope[side]
  return row === undefined || row === null ? undefined : validate(schema, row, `"${side}"`)
}

function rowOf<Row>(envelope: Envelope, side: 'after', schema: StandardSchemaV1<unknown, Row> | undefined): Row {
  const row = rowIfAny(envelope, side, schema)
  if (row === undefined) throw notAChange(`it has no row in "${side}", which op "${envelope.op}" needs`)
  return row
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function notAChange(reason: string): KafkaError {
  return new KafkaError('NOT_A_CHANGE_EVENT', `it is no change event of Debezium: ${reason}`)
}
