const millisecondsPerUnit: ReadonlyMap<string, number> = new Map([
  ...unit(86_400_000, 'd', 'day', 'days'),
  ...unit(3_600_000, 'h', 'hour', 'hours'),
  ...unit(60_000, 'm', 'min', 'minute', 'minutes'),
  ...unit(1_000, 's', 'sec', 'secs', 'second', 'seconds'),
  ...unit(1, '', 'ms', 'milli', 'millis', 'millisecond', 'milliseconds'),
  ...unit(1e-3, 'us', 'µs', 'micro', 'micros', 'microsecond', 'microseconds'),
  ...unit(1e-6, 'ns', 'nano', 'nanos', 'nanosecond', 'nanoseconds'),
])

const isoDuration = /^P(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/i

/**
 * Milliseconds of a duration as Flink writes it (`100 ms`, `1 min`, `2h`; without a unit: milliseconds) or of an ISO-8601
 * one (`PT10S`). Undefined if the text is neither.
 */
export function parseDurationMs(text: string): number | undefined {
  const trimmed = text.trim()
  const plain = /^(\d+)\s*([a-zµ]*)$/i.exec(trimmed)
  if (plain !== null) {
    const factor = millisecondsPerUnit.get(plain[2]!.toLowerCase())
    // Clocks here count milliseconds: less than one is one.
    return factor === undefined ? undefined : Math.ceil(Number(plain[1]) * factor)
  }
  const iso = isoDuration.exec(trimmed)
  if (iso === null || trimmed.length < 3) return undefined
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = iso.slice(1).map((part) => Number(part ?? 0))
  return ((days * 24 + hours) * 60 + minutes) * 60_000 + Math.round(seconds * 1_000)
}

/** In the largest unit that divides it: `1 min`, `100 ms`. */
export function formatDurationMs(durationMs: number): string {
  for (const [name, factor] of [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1_000],
  ] as const) {
    if (durationMs > 0 && durationMs % factor === 0) return `${durationMs / factor} ${name}`
  }
  return `${durationMs} ms`
}

function unit(factor: number, ...names: string[]): [string, number][] {
  return names.map((name) => [name, factor])
}
