import type { FetcherOptions } from '../kafka-fetcher.ts'
import type { FetchOptions } from '../protocol/fetch-request.ts'

/** The options of a fetcher with the defaults filled in: what each request says, and how much is fetched ahead. */
export interface FetchSettings {
  readonly request: FetchOptions
  readonly prefetchBytesMax: number
}

export function fetchSettings(options: FetcherOptions): FetchSettings {
  return {
    request: {
      isReadCommitted: (options.isolation ?? 'read_committed') === 'read_committed',
      waitMs: options.fetchWaitMs ?? 500,
      bytesMin: options.fetchBytesMin ?? 1,
      bytesMax: options.fetchBytesMax ?? 8 * 1024 * 1024,
      partitionBytesMax: options.partitionBytesMax ?? 1024 * 1024,
      rackId: options.rackId ?? '',
    },
    prefetchBytesMax: options.prefetchBytesMax ?? 16 * 1024 * 1024,
  }
}
