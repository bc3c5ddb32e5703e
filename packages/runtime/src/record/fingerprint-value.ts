import { createHash } from 'node:crypto'
import type { GeneralEncoder } from './general-encoder.ts'
import { RecordError } from './record-error.ts'

/**
 * 32 hex digits that differ when the value has changed. Undefined for a value that the general codec does not take:
 * between chained operators such records are allowed.
 */
export function fingerprintValue(value: unknown, encoder: GeneralEncoder): string | undefined {
  try {
    return createHash('sha256').update(encoder.encode(value)).digest('hex').slice(0, 32)
  } catch (error) {
    if (error instanceof RecordError) return undefined
    throw error
  }
}
