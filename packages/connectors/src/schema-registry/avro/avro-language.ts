import { preview } from '@millrace/runtime/connector'
import type avsc from 'avsc'
import { messageOf } from '../../kafka/message-of.ts'
import type { LoadedSchema } from '../client/schema-definition.ts'
import type { PayloadReader, PayloadWriter, SchemaLanguage } from '../schema-language.ts'
import { SchemaRegistryError } from '../schema-registry-error.ts'
import { avroType } from './avro-types.ts'

const scratchBytesMin = 1024
/** Larger records get memory of their own. */
const scratchBytesMax = 1024 * 1024

/** Avro in its binary encoding, by the package avsc. */
export const avroLanguage: SchemaLanguage = {
  schemaType: 'AVRO',

  createReader(writer, reader) {
    const writerType = avroType(writer)
    if (reader === undefined || reader.schema === writer.schema) return readerOf(writerType)
    const readerType = avroType(reader)
    return readerOf(readerType, resolverOf(readerType, writerType))
  },

  createWriter(schema) {
    return writerOf(avroType(schema))
  },

  recordName(schema: LoadedSchema): string {
    const { name } = avroType(schema)
    if (name !== undefined) return name
    throw new SchemaRegistryError(
      'INVALID_OPTION',
      'Cannot name a subject after a record: its Avro schema has no name. Use a record, or the strategy "topic-name".',
      { option: 'subjectNameStrategy' },
      { isLasting: true },
    )
  },
}

type Resolver = ReturnType<avsc.Type['createResolver']>

/** By Avro's rules: fields by name or alias, defaults for those that are missing, numbers widened. */
function resolverOf(readerType: avsc.Type, writerType: avsc.Type): Resolver {
  try {
    return readerType.createResolver(writerType, { ignoreNamespaces: true })
  } catch (error) {
    throw new SchemaRegistryError(
      'SCHEMA_INCOMPATIBLE',
      `it was written by an Avro schema whose records cannot be read as those of the format's: ${messageOf(error)}`,
      {},
      { cause: error },
    )
  }
}

function readerOf(type: avsc.Type, resolver?: Resolver): PayloadReader {
  return (bytes, start) => {
    const { value, offset }: { readonly value: unknown; readonly offset: number } = type.decode(bytes, start, resolver)
    if (offset === -1) throw new Error('they end too early')
    if (offset < bytes.length) throw new Error(`${bytes.length - offset} bytes are left behind the record`)
    return value
  }
}

function writerOf(type: avsc.Type): PayloadWriter {
  let scratch: Buffer = Buffer.allocUnsafe(scratchBytesMin)
  return (value) => {
    try {
      const end = type.encode(value, scratch, 0)
      if (end >= 0) return scratch.subarray(0, end)
      const larger = Buffer.allocUnsafe(scratch.length - end)
      type.encode(value, larger, 0)
      if (larger.length <= scratchBytesMax) scratch = larger
      return larger
    } catch (error) {
      throw misfit(type, value, error)
    }
  }
}

/** Says where and why, which the package does not where it stops. */
function misfit(type: avsc.Type, value: unknown, cause: unknown): SchemaRegistryError {
  const issues: string[] = []
  type.isValid(value, {
    errorHook: (path, part: unknown, { typeName }) => {
      const where = path.length === 0 ? '' : `${path.join('.')}: `
      issues.push(`${where}${preview(part)} is no ${typeName.replace(/^\w+:/, '')}`)
    },
  })
  if (issues.length === 0) issues.push(messageOf(cause))
  return new SchemaRegistryError(
    'SCHEMA_MISMATCH',
    `Cannot write a record: it does not fit its Avro schema: ${issues.join('; ')}`,
    { issues },
    { cause },
  )
}
