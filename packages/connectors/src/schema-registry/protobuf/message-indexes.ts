import type { MessagePlace, ProtoFile } from './proto-file.ts'

/** Deeper than any message within messages. */
const indexesMax = 64

/**
 * Confluent's way to say which message of a file this is: its place among the messages of the file, then among those within that,
 * and so on, as zigzag varints after their count. The first message of the file, the most frequent, is a single 0.
 */
export function encodeIndexes(indexes: readonly number[]): Uint8Array {
  if (indexes.length === 1 && indexes[0] === 0) return new Uint8Array(1)
  const bytes: number[] = []
  for (const value of [indexes.length, ...indexes]) {
    let zigzag = value * 2
    for (; zigzag > 0x7f; zigzag >>>= 7) bytes.push((zigzag & 0x7f) | 0x80)
    bytes.push(zigzag)
  }
  return new Uint8Array(bytes)
}

/** The indexes from `offset` on, and where the message begins. */
export function decodeIndexes(
  bytes: Uint8Array,
  offset: number,
): { readonly indexes: readonly number[]; readonly end: number } {
  let at = offset
  const next = (): number => {
    let zigzag = 0
    for (let shift = 0; shift < 32; shift += 7) {
      const byte = bytes[at++]
      if (byte === undefined) break
      zigzag |= (byte & 0x7f) << shift
      if (byte < 0x80) return (zigzag >>> 1) ^ -(zigzag & 1)
    }
    throw new Error('the indexes of its message have no end')
  }
  const count = next()
  if (count < 0 || count > indexesMax) throw new Error(`its message has ${count} indexes`)
  if (count === 0) return { indexes: [0], end: at }
  const indexes: number[] = []
  for (let i = 0; i < count; i++) indexes.push(next())
  return { indexes, end: at }
}

/** The full name of the message at a place. */
export function messageAt(file: ProtoFile, indexes: readonly number[]): string | undefined {
  let places: readonly MessagePlace[] = file.messages
  let found: MessagePlace | undefined
  for (const index of indexes) {
    found = places[index]
    if (found === undefined) return undefined
    places = found.nested
  }
  return found?.fullName
}

/** The place of a message of the file. */
export function indexesOf(places: readonly MessagePlace[], fullName: string): readonly number[] | undefined {
  for (const [index, place] of places.entries()) {
    if (place.fullName === fullName) return [index]
    const within = indexesOf(place.nested, fullName)
    if (within !== undefined) return [index, ...within]
  }
  return undefined
}
