/** More than any schema has; what is beyond is not held in memory. */
const answerBytesMax = 16 * 1024 * 1024

/** The text of an answer. Rejects where it is longer than 16 MiB. */
export async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    length += chunk.length
    if (length > answerBytesMax) throw new Error(`an answer of more than ${answerBytesMax} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
