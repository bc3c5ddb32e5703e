import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UsageError } from './usage-error.ts'

/** The absolute path of what people write: a path that starts at the current directory, or a `file:` URL as Flink prints. */
export function localPath(text: string): string {
  const [, scheme] = /^([a-z][a-z\d+.-]+):/i.exec(text) ?? []
  if (scheme === undefined) return resolve(text)
  if (scheme.toLowerCase() === 'file') {
    try {
      return fileURLToPath(text)
    } catch {
      throw new UsageError(`"${text}" is no URL of a local file`, 'write a path, or file:///path')
    }
  }
  throw new UsageError(`"${text}" is not on this machine`, 'write a path, or file:///path')
}
