/** The value of a command line option that takes a whole number of at least 0. */
export function wholeNumberOption(name: string, text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(value)) throw new Error(`--${name} takes a whole number, not "${text}"`)
  return value
}
