import { formatDurationMs, parseDurationMs } from './duration.ts'
import { formatMemorySizeBytes, parseMemorySizeBytes } from './memory-size.ts'

/** How the values of an option are written and read. */
export interface OptionType<T> {
  /** As the documentation shows it. */
  readonly name: string
  /** Completes "expected ...". */
  readonly expected: string
  /** A value that parses. */
  readonly example: string
  /** The value that `text` stands for; undefined if it stands for none. */
  parse(text: string): T | undefined
  /** The inverse: `parse(format(value))` is `value`. */
  format(value: T): string
}

/** A whole number within bounds, both included. */
export function integer(bounds: { min: number; max: number; orElse?: number; example: number }): OptionType<number> {
  const { min, max, orElse } = bounds
  return {
    name: 'Integer',
    expected: `a whole number from ${min} to ${max}${orElse === undefined ? '' : `, or ${orElse}`}`,
    example: String(bounds.example),
    parse(text) {
      if (!/^-?\d+$/.test(text.trim())) return undefined
      const value = Number(text)
      return (value >= min && value <= max) || value === orElse ? value : undefined
    },
    format: String,
  }
}

/** A share of a whole: from 0 to 1. */
export const fraction: OptionType<number> = {
  name: 'Fraction',
  expected: 'a number from 0 to 1',
  example: '0.1',
  parse(text) {
    if (!/^\d*\.?\d+(e-?\d+)?$/i.test(text.trim())) return undefined
    const value = Number(text)
    return value <= 1 ? value : undefined
  },
  format: String,
}

/** A number with or without a fraction. */
export function decimal(bounds: { above: number; example: number }): OptionType<number> {
  return {
    name: 'Double',
    expected: `a number above ${bounds.above}`,
    example: String(bounds.example),
    parse(text) {
      if (!/^\d*\.?\d+(e-?\d+)?$/i.test(text.trim())) return undefined
      const value = Number(text)
      return value > bounds.above && Number.isFinite(value) ? value : undefined
    },
    format: String,
  }
}

export const boolean: OptionType<boolean> = {
  name: 'Boolean',
  expected: 'true or false',
  example: 'true',
  parse(text) {
    const lower = text.trim().toLowerCase()
    return lower === 'true' ? true : lower === 'false' ? false : undefined
  },
  format: String,
}

export const string: OptionType<string> = {
  name: 'String',
  expected: 'a text that is not empty',
  example: 'nightly-report',
  parse: (text) => (text.trim() === '' ? undefined : text),
  format: String,
}

/** Of a directory or file: a path or a `file:` URL. Whoever uses it knows what a relative one starts from. */
export function path(example: string): OptionType<string> {
  return {
    name: 'Path',
    expected: 'a path',
    example,
    parse: (text) => (text.trim() === '' || text.includes('\0') ? undefined : text.trim()),
    format: String,
  }
}

/** In milliseconds. */
export const duration: OptionType<number> = {
  name: 'Duration',
  expected: 'a duration with a unit (ms, s, min, h, d)',
  example: '100 ms',
  parse: parseDurationMs,
  format: formatDurationMs,
}

/** The longest time that a timer takes: about 24.8 days, cut to whole ones. */
const DURATION_MAX_MS = 24 * 86_400_000

/** In milliseconds, within bounds, both included; short enough for a timer. */
export function boundedDuration(bounds: { min: number; orElse?: number; example: string }): OptionType<number> {
  const { min, orElse } = bounds
  const above = min > 0 ? ` of at least ${formatDurationMs(min)}` : ''
  return {
    name: 'Duration',
    expected:
      `a duration${above} with a unit (ms, s, min, h, d), at most ${formatDurationMs(DURATION_MAX_MS)}` +
      (orElse === undefined ? '' : `, or ${orElse}`),
    example: bounds.example,
    parse(text) {
      const value = parseDurationMs(text)
      if (value === undefined) return undefined
      return (value >= min && value <= DURATION_MAX_MS) || value === orElse ? value : undefined
    },
    format: formatDurationMs,
  }
}

/** In milliseconds; -1 stands for "never". */
export const durationOrNever: OptionType<number> = {
  name: 'Duration',
  expected: 'a duration with a unit (ms, s, min, h, d), or -1',
  example: '100 ms',
  parse: (text) => (/^-1(\s*ms)?$/i.test(text.trim()) ? -1 : parseDurationMs(text)),
  format: formatDurationMs,
}

/** In bytes, within bounds, both included. */
export function memorySize(bounds: { min?: number; max?: number; example: string }): OptionType<number> {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = bounds
  const above = min > 0 ? ` of at least ${formatMemorySizeBytes(min)}` : ''
  const below = max < Number.MAX_SAFE_INTEGER ? ` and at most ${formatMemorySizeBytes(max)}` : ''
  return {
    name: 'MemorySize',
    expected: `a memory size${above}${below}, with a unit (bytes, kb, mb, gb)`,
    example: bounds.example,
    parse(text) {
      const bytes = parseMemorySizeBytes(text)
      return bytes !== undefined && bytes >= min && bytes <= max ? bytes : undefined
    },
    format: formatMemorySizeBytes,
  }
}

/** One of the given words, in any case. */
export function enumeration<const Word extends string>(...words: readonly [Word, ...Word[]]): OptionType<Word> {
  return {
    name: 'Enum',
    expected: `one of ${words.join(', ')}`,
    example: words[0],
    parse: (text) => words.find((word) => word.toLowerCase() === text.trim().toLowerCase()),
    format: String,
  }
}

/** One of the words that `aliases` has as keys, or another name of one, in any case. */
export function aliasedEnumeration<const Word extends string>(
  aliases: Readonly<Record<Word, readonly string[]>>,
): OptionType<Word> {
  const words = Object.keys(aliases) as Word[]
  return {
    name: 'Enum',
    expected: `one of ${words.join(', ')}`,
    example: words.at(-1)!,
    parse(text) {
      const lower = text.trim().toLowerCase()
      return words.find((word) => word === lower || aliases[word].includes(lower))
    },
    format: String,
  }
}

/** A choice that has one answer as yet. `what` says so. */
export function soleWord<const Word extends string>(word: Word, what: string): OptionType<Word> {
  return { ...enumeration(word), expected: `${word}, ${what}` }
}
