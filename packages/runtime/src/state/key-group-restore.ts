import { canonicalKey } from '../keys/canonical-key.ts'
import { KeyError } from '../keys/key-error.ts'
import { keyGroupOf } from '../keys/key-group.ts'
import { RecordError, type RecordErrorCode } from '../record/record-error.ts'
import type { KeyGroupReader } from '../snapshot/key-group-codec.ts'
import type { KeyedStateHandle, KeyGroupBlock } from '../snapshot/snapshot.ts'
import { SnapshotError, type SnapshotErrorCode } from '../snapshot/snapshot-error.ts'

/** Takes the entry of the key at which a reader stands. False if the key has one already. */
export interface EntryTaker {
  read(reader: KeyGroupReader, canonical: unknown): boolean
}

/** The bytes are sound, and it is the job that lacks something. */
const mismatches: readonly RecordErrorCode[] = ['UNREGISTERED_CLASS', 'REGISTERED_TYPE_FAILED']

/** Reads the block of one key group, key by key. What does not belong there is a SnapshotError that names the block. */
export class KeyGroupRestore {
  readonly #operatorName: string
  readonly #maxParallelism: number
  readonly #handle: KeyedStateHandle
  readonly #index: number
  readonly #block: KeyGroupBlock
  #keysLeft: number

  constructor(operatorName: string, maxParallelism: number, handle: KeyedStateHandle, index: number) {
    this.#operatorName = operatorName
    this.#maxParallelism = maxParallelism
    this.#handle = handle
    this.#index = index
    this.#block = handle.keyGroups[index]!
    this.#keysLeft = this.#block.keyCounts.reduce((sum, count) => sum + count, 0)
  }

  start(reader: KeyGroupReader, bytes: Uint8Array): void {
    try {
      reader.start(bytes, this.#handle.states)
    } catch (error) {
      throw this.#attributed(error)
    }
  }

  /** Gives the next key to the taker of its state. False if there is no other. */
  readKey(reader: KeyGroupReader, takers: readonly EntryTaker[]): boolean {
    try {
      return this.#readKey(reader, takers)
    } catch (error) {
      throw this.#attributed(error)
    }
  }

  #readKey(reader: KeyGroupReader, takers: readonly EntryTaker[]): boolean {
    if (!reader.next()) {
      if (this.#keysLeft !== 0) throw this.#refusal('SNAPSHOT_CORRUPT', `it lacks ${this.#keysLeft} keys`)
      return false
    }
    this.#keysLeft--
    const canonical = canonicalKey(reader.key)
    if (keyGroupOf(reader.key, this.#maxParallelism) !== this.#block.keyGroup)
      throw this.#refusal('SNAPSHOT_CORRUPT', 'it holds a key of another key group')
    if (!takers[reader.stateIndex]!.read(reader, canonical))
      throw this.#refusal('SNAPSHOT_CORRUPT', 'it holds a key that came before')
    return true
  }

  #attributed(error: unknown): unknown {
    if (error instanceof KeyError) return this.#refusal('SNAPSHOT_CORRUPT', error.message, error)
    if (!(error instanceof RecordError)) return error
    const code = mismatches.includes(error.code) ? 'SNAPSHOT_MISMATCH' : 'SNAPSHOT_CORRUPT'
    return this.#refusal(code, error.message, error)
  }

  #refusal(code: SnapshotErrorCode, why: string, cause?: unknown): SnapshotError {
    const { keyGroup, offset } = this.#block
    const { location } = this.#handle
    const file = location.kind === 'file' ? location.path : 'the metadata'
    return new SnapshotError(
      code,
      `Cannot restore key group ${keyGroup} of operator "${this.#operatorName}" from ${file}, block ${this.#index} at offset ${offset}: ${why}`,
      { operator: this.#operatorName, file, block: this.#index, offset, keyGroup },
      cause === undefined ? undefined : { cause },
    )
  }
}
