import { deepFreeze } from './deep-freeze.ts'
import { fingerprintValue } from './fingerprint-value.ts'
import { GeneralEncoder } from './general-encoder.ts'
import { previewRecord } from './preview.ts'
import { RecordError } from './record-error.ts'
import type { TypeRegistry } from './type-registry.ts'

const watchedMaxByDefault = 64

/** Finds out, in check mode, whether an emitted record is changed afterwards. One for each operator. */
export interface MutationGuard {
  /**
   * To be called after each emit. Freezes the plain objects and arrays of the record, so that a later assignment throws
   * where it stands. If something in it cannot be frozen, the record is watched: its fingerprint is compared by `verify`,
   * and once more here when it makes room for a newer one.
   */
  emitted(record: unknown): void
  /** Throws RecordError MUTATED_AFTER_EMIT if one of the watched records has changed. The caller names the operator. */
  verify(): void
}

export interface MutationGuardOptions {
  readonly registry?: TypeRegistry | undefined
  /** Records that are watched at a time. 64 by default. */
  readonly watchedMax?: number
}

interface WatchedRecord {
  readonly record: unknown
  readonly fingerprint: string
  readonly preview: string
}

export function createMutationGuard(options: MutationGuardOptions = {}): MutationGuard {
  const watchedMax = options.watchedMax ?? watchedMaxByDefault
  const encoder = new GeneralEncoder({ registry: options.registry })
  const watched: WatchedRecord[] = []
  let oldest = 0

  const check = ({ record, fingerprint, preview }: WatchedRecord): void => {
    if (fingerprintValue(record, encoder) === fingerprint) return
    const now = previewRecord(record)
    const message = `A record was changed after it was emitted: it was ${preview}, and is ${now}. Remedy: emit a copy, or stop changing it.`
    throw new RecordError('MUTATED_AFTER_EMIT', message, { before: preview, after: now })
  }

  return {
    emitted(record) {
      if (deepFreeze(record)) return
      const fingerprint = fingerprintValue(record, encoder)
      if (fingerprint === undefined) return
      const entry = { record, fingerprint, preview: previewRecord(record) }
      if (watched.length < watchedMax) {
        watched.push(entry)
        return
      }
      const leaving = watched[oldest]!
      watched[oldest] = entry
      oldest = (oldest + 1) % watchedMax
      check(leaving)
    },
    verify() {
      for (const entry of watched) check(entry)
    },
  }
}
