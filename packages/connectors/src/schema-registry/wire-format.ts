import { SchemaRegistryError } from './schema-registry-error.ts'

/** Of Confluent's wire format: a zero, and the id of the schema as a big-endian integer of four bytes. */
export const headerBytes = 5

/** @throws SchemaRegistryError `NOT_FRAMED` */
export function schemaIdOf(bytes: Buffer): number {
  if (bytes.length >= headerBytes && bytes[0] === 0) return bytes.readInt32BE(1)
  const reason =
    bytes.length < headerBytes
      ? `it has ${bytes.length} bytes, and the header alone has ${headerBytes}`
      : `its first byte is ${bytes[0]}, not 0`
  throw new SchemaRegistryError(
    'NOT_FRAMED',
    `it was not written with a schema registry: ${reason}. Read it by a format without registry, or write it with one.`,
    { length: bytes.length, firstByte: bytes[0] },
  )
}

/** What `schemaIdOf` finds again, before `payload`. */
export function framed(id: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(headerBytes + payload.length)
  bytes[1] = id >>> 24
  bytes[2] = id >>> 16
  bytes[3] = id >>> 8
  bytes[4] = id
  bytes.set(payload, headerBytes)
  return bytes
}
