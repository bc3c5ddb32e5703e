import type protobuf from 'protobufjs'
import { messageOf } from '../../kafka/message-of.ts'
import type { LoadedSchema } from '../client/schema-definition.ts'
import type { PayloadReader, PayloadWriter, SchemaLanguage } from '../schema-language.ts'
import { SchemaRegistryError } from '../schema-registry-error.ts'
import { MessageConversion, Misfit } from './message-conversion.ts'
import { decodeIndexes, encodeIndexes, indexesOf, messageAt } from './message-indexes.ts'
import { type ProtoFile, protoFile } from './proto-file.ts'

type MessageReader = (bytes: Uint8Array) => unknown

/** Protobuf, by the package protobufjs. `message`: the full name of the one to write, and to read if it is given. */
export function protobufLanguage(message: string | undefined): SchemaLanguage {
  return {
    schemaType: 'PROTOBUF',
    createReader: (writer, reader) => readerOf(protoFile(writer), reader && protoFile(reader), message),
    createWriter: (schema) => writerOf(protoFile(schema), message),
    recordName: (schema: LoadedSchema) => message ?? firstMessage(protoFile(schema)),
  }
}

function readerOf(writer: ProtoFile, reader: ProtoFile | undefined, message: string | undefined): PayloadReader {
  // One for each message that comes: no more than the file has.
  const byName = new Map<string, MessageReader>()
  let lastIndexes = ''
  let lastReader: MessageReader | undefined
  return (bytes, offset) => {
    const { indexes, end } = decodeIndexes(bytes, offset)
    const payload = bytes.subarray(end)
    const key = indexes.length === 1 ? String(indexes[0]) : indexes.join()
    if (key === lastIndexes) return lastReader!(payload)
    const name = messageAt(writer, indexes)
    if (name === undefined) throw new Error(`there is no message [${indexes.join(', ')}]`)
    const read = byName.get(name) ?? messageReader(name, writer, reader, message)
    byName.set(name, read)
    lastIndexes = key
    lastReader = read
    return read(payload)
  }
}

/** Reads messages that were written as `written`: as that, or as what the format was told. */
function messageReader(
  written: string,
  writer: ProtoFile,
  reader: ProtoFile | undefined,
  message: string | undefined,
): MessageReader {
  if (reader === undefined && message !== undefined && message !== written) {
    throw new SchemaRegistryError(
      'SCHEMA_INCOMPATIBLE',
      `it is a message "${written}", and the format reads "${message}". Pass a \`schema\` to read it as that.`,
      { written, message },
    )
  }
  const type = typeIn(reader ?? writer, message ?? written)
  if (type === undefined) {
    throw new SchemaRegistryError(
      'SCHEMA_INCOMPATIBLE',
      `it is a message "${written}", which the format's schema has not. Add it there, or say by \`message\` what to read it as.`,
      { written },
    )
  }
  const conversion = MessageConversion.of(type)
  return (payload) => conversion.fromMessage(type.decode(payload) as unknown as Record<string, unknown>)
}

function writerOf(file: ProtoFile, message: string | undefined): PayloadWriter {
  const name = message ?? firstMessage(file)
  const indexes = indexesOf(file.messages, name)
  const type = typeIn(file, name)
  if (indexes === undefined || type === undefined) {
    throw new SchemaRegistryError(
      'SCHEMA_INVALID',
      `Cannot write messages "${name}": the schema itself has none of that name. Pass the full name of one as \`message\`.`,
      { message: name },
      { isLasting: true },
    )
  }
  const head = encodeIndexes(indexes)
  const conversion = MessageConversion.of(type)
  return (value) => {
    try {
      const payload = type.encode(conversion.toMessage(value)).finish()
      const bytes = new Uint8Array(head.length + payload.length)
      bytes.set(head)
      bytes.set(payload, head.length)
      return bytes
    } catch (error) {
      const reason = error instanceof Misfit ? String(error) : messageOf(error)
      throw new SchemaRegistryError(
        'SCHEMA_MISMATCH',
        `Cannot write a record: it does not fit the Protobuf message "${name}": ${reason}`,
        { message: name, issues: [reason] },
        { cause: error },
      )
    }
  }
}

function typeIn({ root }: ProtoFile, fullName: string): protobuf.Type | undefined {
  try {
    return root.lookupType(fullName)
  } catch {
    return undefined
  }
}

function firstMessage({ messages }: ProtoFile): string {
  const [first] = messages
  if (first !== undefined) return first.fullName
  throw new SchemaRegistryError(
    'SCHEMA_INVALID',
    'Cannot write messages: the schema has none.',
    {},
    { isLasting: true },
  )
}
