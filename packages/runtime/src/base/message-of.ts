/** What whatever was thrown says, for the middle of a sentence of ours: the message alone, without a name. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
