/** What whatever was thrown says: the message alone, without a name. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
