/** A command of a `console` block, and what the page shows below it. */
export interface TypedCommand {
  /** What stands before the `$`; nothing if nothing does. */
  readonly directory: string
  readonly command: string
  readonly lines: readonly string[]
}

/** The commands of a block: each begins with `$ `, or with a directory and that: `~/shop$ `. */
export function asTyped(block: string): readonly TypedCommand[] {
  return block
    .split(/^(?=(?:~\S*)?\$ )/m)
    .filter((text) => text !== '')
    .map((text) => {
      const [prompt = '', ...lines] = text.trimEnd().split('\n')
      const at = prompt.indexOf('$ ')
      return { directory: prompt.slice(0, at), command: prompt.slice(at + 2), lines }
    })
}

/**
 * Holds what a page shows against what is printed here. Ids of jobs and savepoints, and paths, are what they are here from
 * where the page first shows them; times and sizes may be any.
 */
export class ShownOutput {
  /** What stands here for what the page shows. */
  readonly #here: Map<string, string>

  constructor(paths: ReadonlyMap<string, string>) {
    this.#here = new Map(paths)
  }

  /** A command or a line of the page, with what there is here. */
  asHere(text: string): string {
    // Names of savepoints begin with digits of ids, so the longest goes first.
    const pairs = [...this.#here].sort(([a], [b]) => b.length - a.length)
    return pairs.reduce((result, [shown, here]) => result.replaceAll(shown, here), text)
  }

  /** What differs: lines as they were expected, each followed by what there was. */
  compare(shown: readonly string[], actual: readonly string[]): readonly string[] {
    return shown.flatMap((line, i) => {
      const here = actual[i] ?? ''
      this.#learn(line, here)
      const expected = withoutFigures(this.asHere(line))
      return expected === withoutFigures(here) ? [] : [expected, withoutFigures(here)]
    })
  }

  #learn(shown: string, here: string): void {
    const ids = /\b[0-9a-f]{32}\b|savepoint-[0-9a-f]{6}-[0-9a-f]{12}/g
    const values = here.match(ids) ?? []
    for (const [i, id] of (shown.match(ids) ?? []).entries()) {
      const value = values[i]
      if (value === undefined || this.#here.has(id)) continue
      this.#here.set(id, value)
      // The page abbreviates ids of jobs.
      if (!id.startsWith('savepoint')) this.#here.set(id.slice(0, 6), value.slice(0, 6))
    }
  }
}

function withoutFigures(line: string): string {
  return line
    .trim()
    .replace(/\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d/g, '<time>')
    .replace(/\b\d+(\.\d+)? (s|B|KB|bytes)\b/g, '<n> $2')
    .replace(/\blargest \d+/g, 'largest <n>')
    .replace(/\bsavepoint \d+ in\b/g, 'savepoint <n> in')
}
