import type { Collector, ProcessContext, RichCoProcessFunction } from '@millrace/runtime'
import type { MalformedLine } from './access-log-entry.ts'
import type { PathTraffic } from './path-traffic.ts'
import { trafficTable } from './traffic-table.ts'
import { TrafficTotals } from './traffic-totals.ts'

/** How {@link TrafficReport} reports. */
export interface TrafficReportOptions {
  /** How many paths the table shows. */
  readonly topCount: number
  /** How often a table comes while input still arrives; 0: only at the end. */
  readonly refreshMs: number
}

/**
 * Makes the table that people read, as lines: running counts come in on the first input, malformed lines on the second.
 * It needs to see everything, so it has one subtask.
 */
export class TrafficReport implements RichCoProcessFunction<PathTraffic, MalformedLine, string> {
  readonly #options: TrafficReportOptions
  readonly #totals = new TrafficTotals()
  #malformedLines = 0
  #lastExample: MalformedLine | undefined
  #reportedAtMs: number | undefined

  constructor(options: TrafficReportOptions) {
    this.#options = options
  }

  processElement1(traffic: PathTraffic, context: ProcessContext, out: Collector<string>): void {
    this.#totals.update(traffic)
    if (this.#options.refreshMs === 0) return
    const nowMs = context.currentProcessingTime()
    this.#reportedAtMs ??= nowMs
    if (nowMs - this.#reportedAtMs < this.#options.refreshMs) return
    this.#reportedAtMs = nowMs
    for (const line of this.#table()) out.collect(line)
    out.collect('')
  }

  processElement2(malformed: MalformedLine): void {
    this.#malformedLines++
    this.#lastExample = malformed
  }

  endInput(out: Collector<string>): void {
    for (const line of this.#table()) out.collect(line)
    if (this.#lastExample === undefined) return
    const { reason, line } = this.#lastExample
    out.collect(`a malformed line (${reason}): ${JSON.stringify(line)}`)
  }

  #table(): readonly string[] {
    return trafficTable(this.#totals, this.#malformedLines, this.#options.topCount)
  }
}
