import type { RecordPart } from '../kafka/formats/record-part.ts'

/**
 * Under which subject a schema is registered.
 *
 * - `topic-name`: `<topic>-key` or `<topic>-value`: one line of schemas for a topic.
 * - `record-name`: the record's full name: one line for a kind of record, in whatever topic.
 * - `topic-record-name`: `<topic>-<name>`: several kinds of records in a topic, each with its line there.
 */
export type SubjectNameStrategy = 'topic-name' | 'record-name' | 'topic-record-name'

export function subjectName(
  strategy: SubjectNameStrategy,
  { topic, isKey }: RecordPart,
  recordName: () => string,
): string {
  switch (strategy) {
    case 'topic-name':
      return `${topic}-${isKey ? 'key' : 'value'}`
    case 'record-name':
      return recordName()
    case 'topic-record-name':
      return `${topic}-${recordName()}`
  }
}
