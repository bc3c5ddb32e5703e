import { type DestinationStream, pino } from 'pino'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { LogFormat, LogLevel } from './command-line.ts'
import type { Palette } from './palette.ts'

export interface PinoLoggerOptions {
  readonly level: LogLevel
  readonly format: LogFormat
  readonly clock: Clock
  /** For the text format. */
  readonly palette: Palette
  /** On a terminal the time of day suffices. */
  readonly shortTime: boolean
  /** Takes whole lines with their newline. */
  readonly write: (text: string) => void
}

/** The one place that knows pino. */
export class PinoLogger implements Logger {
  readonly #pino: pino.Logger

  constructor(options: PinoLoggerOptions) {
    const { level, format, clock, write } = options
    const destination: DestinationStream = {
      write: format === 'json' ? write : (line) => write(`${textLine(JSON.parse(line), options)}\n`),
    }
    this.#pino = pino(
      {
        level,
        base: null,
        timestamp: () => `,"time":${JSON.stringify(new Date(clock.now()).toISOString())}`,
        formatters: { level: (label) => ({ level: label }) },
      },
      destination,
    )
  }

  debug(message: string, facts: Readonly<Record<string, unknown>> = {}): void {
    this.#pino.debug(facts, message)
  }

  info(message: string, facts: Readonly<Record<string, unknown>> = {}): void {
    this.#pino.info(facts, message)
  }

  warn(message: string, facts: Readonly<Record<string, unknown>> = {}): void {
    this.#pino.warn(facts, message)
  }

  error(message: string, facts: Readonly<Record<string, unknown>> = {}): void {
    this.#pino.error(facts, message)
  }
}

/** `09:41:07 WARN  message key=value`: one line, whatever the message holds. */
function textLine(entry: Readonly<Record<string, unknown>>, { palette, shortTime }: PinoLoggerOptions): string {
  const { level, time, msg, ...facts } = entry
  const at = shortTime ? new Date(String(time)).toTimeString().slice(0, 8) : String(time)
  const word = String(level).toUpperCase().padEnd(5)
  const painted = level === 'error' ? palette.red(word) : level === 'warn' ? palette.yellow(word) : word
  const pairs = Object.entries(facts).map(([key, value]) => palette.dim(`${key}=${JSON.stringify(value)}`))
  return [palette.dim(at), painted, String(msg).replace(/\s*\n\s*/g, ' '), ...pairs].join(' ')
}
