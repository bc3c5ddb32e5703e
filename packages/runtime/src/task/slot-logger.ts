import type { Logger } from '../base/logger.ts'
import type { SlotMessage } from '../protocol/messages.ts'

type Level = 'debug' | 'info' | 'warn' | 'error'
type Facts = Readonly<Record<string, unknown>>

/** Sends log lines to the coordinator, each with the facts of whoever logs. */
export class SlotLogger implements Logger {
  readonly #send: (message: SlotMessage) => void
  readonly #facts: Facts

  constructor(send: (message: SlotMessage) => void, facts: Facts) {
    this.#send = send
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
    this.#send({ kind: 'log', level, message, facts: plain({ ...this.#facts, ...facts }) })
  }
}

/** Facts cross a thread: what JSON cannot say becomes text. */
function plain(facts: Facts): Facts {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [name, isScalar(value) ? value : describe(value)]),
  )
}

function isScalar(value: unknown): boolean {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value)
}

function describe(value: unknown): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return Object.prototype.toString.call(value)
  }
}
