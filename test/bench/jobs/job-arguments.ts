/** What a bench job is told. */
export interface BenchJobArguments {
  /** The number of records, or the directory of the text. */
  readonly input: string
  /** Whether the sink remembers what it takes to check the result. */
  readonly checks: boolean
}

export function benchJobArguments([input = '', mode = '']: readonly string[]): BenchJobArguments {
  return { input, checks: mode === 'check' }
}
