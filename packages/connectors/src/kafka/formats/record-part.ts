/** Which part of a record of Kafka a format writes. Sinks hand in the same object for all records of a topic. */
export interface RecordPart {
  readonly topic: string
  readonly isKey: boolean
}
