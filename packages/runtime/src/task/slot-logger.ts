import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { SlotMessage } from '../protocol/messages.ts'
import { previewRecord } from '../record/preview.ts'

type Level = 'debug' | 'info' | 'warn' | 'error'
type Facts = Readonly<Record<string, unknown>>

const TEXT_MAX = 16 * 1024
const FACTS_MAX = 64
const INTERVAL_MS = 1_000
/** Lines that one slot may log within an interval. */
const LINES_MAX = 1_000

/**
 * Bounds what a slot logs. Nobody waits for a logger, so whoever logs each record would fill the coordinator's memory.
 */
export class LogBudget {
  readonly #clock: Clock
  #intervalEndMs = 0
  #left = 0
  #dropped = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether one more line may go; and how many did not before it, once. */
  take(): { readonly dropped: number } | undefined {
    const now = this.#clock.monotonicMs()
    if (now >= this.#intervalEndMs) {
      this.#intervalEndMs = now + INTERVAL_MS
      this.#left = LINES_MAX
    }
    if (this.#left === 0) {
      this.#dropped++
      return undefined
    }
    this.#left--
    const dropped = this.#dropped
    this.#dropped = 0
    return { dropped }
  }
}

/** Sends log lines to the coordinator, each with the facts of whoever logs. */
export class SlotLogger implements Logger {
  readonly #send: (message: SlotMessage) => void
  readonly #budget: LogBudget
  readonly #facts: Facts

  constructor(send: (message: SlotMessage) => void, budget: LogBudget, facts: Facts) {
    this.#send = send
    this.#budget = budget
    this.#facts = facts
  }

  debug(message: string, facts?: Facts): void {
    this.#log('debug', message, facts)
  }

  info(message: string, facts?: Facts): void {
    this.#log('info', message, facts)
  }

  warn(message: string, facts?: Facts): void {
    this.#log('warn', message, facts)
  }

  error(message: string, facts?: Facts): void {
    this.#log('error', message, facts)
  }

  #log(level: Level, message: string, facts: Facts | undefined): void {
    const room = this.#budget.take()
    if (room === undefined) return
    const { dropped } = room
    if (dropped > 0) {
      const text = `${dropped} log lines were dropped: a slot logs at most ${LINES_MAX} a second`
      this.#send({ kind: 'log', level: 'warn', message: text, facts: plain(this.#facts) })
    }
    this.#send({ kind: 'log', level, message: textOf(message), facts: plain({ ...this.#facts, ...facts }) })
  }
}

/** Facts cross a thread: what JSON cannot say becomes text. */
function plain(facts: Facts): Facts {
  return Object.fromEntries(
    Object.entries(facts)
      .slice(0, FACTS_MAX)
      .map(([name, value]) => [name, isScalar(value) ? value : textOf(value)]),
  )
}

function isScalar(value: unknown): boolean {
  return value === null || typeof value === 'number' || typeof value === 'boolean'
}

function textOf(value: unknown): string {
  const text = typeof value === 'string' ? value : describe(value)
  return text.length <= TEXT_MAX ? text : `${text.slice(0, TEXT_MAX)}…`
}

function describe(value: unknown): string {
  try {
    if (value instanceof Error) return `${value.name}: ${value.message}`
    if (typeof value === 'object') return JSON.stringify(value) ?? previewRecord(value)
  } catch {
    // Circular, with bigints, or with getters that throw.
  }
  return previewRecord(value, TEXT_MAX)
}
