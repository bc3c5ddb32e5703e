/** Of a file of vectors: `{ "$bigint": "1" }` and `{ "$bytes": "00ff" }` stand for what JSON has no word for. */
export function vectorValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(vectorValue)
  if (typeof value !== 'object' || value === null) return value
  if ('$bigint' in value) return BigInt(value.$bigint as string)
  if ('$bytes' in value) return new Uint8Array(Buffer.from(value.$bytes as string, 'hex'))
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, vectorValue(each)]))
}
