import { createHash } from 'node:crypto'

/** Equal in two threads exactly if they build the same graph from the same code. Hex digits. */
export function jobFingerprint(graphFingerprint: string, bundleSha256: string): string {
  return createHash('sha256').update(`${graphFingerprint}\n${bundleSha256}`).digest('hex')
}
