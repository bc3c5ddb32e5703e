import {
  type Collector,
  type Counter,
  OutputTag,
  type ProcessContext,
  type RichProcessFunction,
  type RuntimeContext,
} from '@millrace/runtime'
import type { AccessLogEntry, MalformedLine } from './access-log-entry.ts'
import { parseAccessLogLine } from './parse-access-log-line.ts'

/** Where lines go that are none of an access log. */
export const malformedLines = new OutputTag<MalformedLine>('malformed-lines')

/** So much of a malformed line is kept. */
const previewLength = 100

/** Parses lines; those that cannot be parsed go to {@link malformedLines} and are counted. */
export class AccessLogParser implements RichProcessFunction<string, AccessLogEntry> {
  #malformed: Counter | undefined

  open(context: RuntimeContext): void {
    this.#malformed = context.metrics.counter('malformedLines')
  }

  processElement(line: string, context: ProcessContext, out: Collector<AccessLogEntry>): void {
    const entry = parseAccessLogLine(line)
    if (typeof entry !== 'string') {
      out.collect(entry)
      return
    }
    this.#malformed?.inc()
    context.output(malformedLines, { reason: entry, line: line.slice(0, previewLength) })
  }
}
