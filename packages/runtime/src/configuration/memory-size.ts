const bytesPerUnit: ReadonlyMap<string, number> = new Map([
  ...unit(1, '', 'b', 'bytes'),
  ...unit(2 ** 10, 'k', 'kb', 'kibibytes'),
  ...unit(2 ** 20, 'm', 'mb', 'mebibytes'),
  ...unit(2 ** 30, 'g', 'gb', 'gibibytes'),
  ...unit(2 ** 40, 't', 'tb', 'tebibytes'),
])

/**
 * Bytes of a memory size as Flink writes it: `32 kb`, `64mb`, `1g`; units are powers of 1024, without a unit it is bytes.
 * Undefined if the text is none.
 */
export function parseMemorySizeBytes(text: string): number | undefined {
  const match = /^(\d+)\s*([a-z]*)$/i.exec(text.trim())
  const factor = match === null ? undefined : bytesPerUnit.get(match[2]!.toLowerCase())
  if (match === null || factor === undefined) return undefined
  const bytes = Number(match[1]) * factor
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

/** In the largest unit that divides it: `32 kb`, `1 gb`, `1000 bytes`. */
export function formatMemorySizeBytes(bytes: number): string {
  for (const [name, factor] of [
    ['tb', 2 ** 40],
    ['gb', 2 ** 30],
    ['mb', 2 ** 20],
    ['kb', 2 ** 10],
  ] as const) {
    if (bytes > 0 && bytes % factor === 0) return `${bytes / factor} ${name}`
  }
  return `${bytes} bytes`
}

function unit(factor: number, ...names: string[]): [string, number][] {
  return names.map((name) => [name, factor])
}
