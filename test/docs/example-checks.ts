import { deepStrictEqual, fail } from 'node:assert/strict'

/** What `// -> value` says. */
export function checkEqual(actual: unknown, expected: unknown): void {
  deepStrictEqual(actual, expected)
}

/** What `// throws SomeError: text` says. */
export async function checkThrows(run: () => Promise<unknown>, errorName: string, text: string): Promise<void> {
  let error: unknown
  try {
    await run()
  } catch (thrown) {
    error = thrown
  }
  if (!(error instanceof Error)) fail(`expected ${errorName} with "${text}", but nothing was thrown`)
  if (error.name !== errorName || !error.message.includes(text)) {
    fail(`expected ${errorName} with "${text}", but got ${error.name}: ${error.message}`)
  }
}
