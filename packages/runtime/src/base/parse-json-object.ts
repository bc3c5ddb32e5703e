/** The properties of a JSON object, unchecked; undefined if the text is not that of one. */
export function parseJsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch {
    return undefined
  }
  return typeof data === 'object' && data !== null ? (data as Readonly<Record<string, unknown>>) : undefined
}
