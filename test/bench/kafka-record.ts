import { below, payload } from './random-numbers.ts'

/** What W6 reads out of a record. */
export interface KafkaRecordFields {
  readonly id: number
  readonly user: string
  readonly amount: number
  readonly ts: number
  readonly pad: string
}

export const partitionCount = 4
/** Of each record. */
export const recordBytes = 100
export const userCount = 100_000
export const userPrefix = 'user-'
const firstTimestampMs = 1_700_000_000_000
const end = '"}'

/** The text of record `i`, the same in every engine. It belongs into partition `i % partitionCount`. */
export function kafkaRecord(i: number): string {
  const amount = below(i, 2, 10_000)
  const head = `{"id":${i},"user":"${userPrefix}${below(i, 1, userCount)}","amount":${amount},"ts":${firstTimestampMs + i},"pad":"`
  const pad = payload(i).repeat(recordBytes)
  return head + pad.slice(0, recordBytes - end.length - head.length) + end
}
