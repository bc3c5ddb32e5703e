import type { KafkaFormat } from '../kafka/formats/format.ts'
import { type FormatContext, FormatNotReady } from '../kafka/formats/format-not-ready.ts'
import type { RecordPart } from '../kafka/formats/record-part.ts'
import { validate } from '../kafka/formats/validate.ts'
import { messageOf } from '../kafka/message-of.ts'
import { BoundedMap } from './bounded-map.ts'
import { RegistryClient } from './client/registry-client.ts'
import { RegistryConnection } from './client/registry-connection.ts'
import { type RegistrySettings, registrySettings } from './client/registry-settings.ts'
import type { LoadedSchema, SchemaDefinition } from './client/schema-definition.ts'
import type { RegistryFormatOptions, SchemaRegistration } from './registry-format-options.ts'
import type { PayloadReader, PayloadWriter, SchemaLanguage } from './schema-language.ts'
import { SchemaRegistryError, type SchemaRegistryErrorCode } from './schema-registry-error.ts'
import { subjectName } from './subject-name.ts'
import { framed, headerBytes, schemaIdOf } from './wire-format.ts'

/** These say that a record cannot be read, not that the registry cannot be asked. */
const faultsOfRecords: ReadonlySet<SchemaRegistryErrorCode> = new Set([
  'SCHEMA_NOT_FOUND',
  'SCHEMA_DELETED',
  'SCHEMA_INCOMPATIBLE',
  'SCHEMA_INVALID',
  'SCHEMA_TYPE_MISMATCH',
])

/** A registry that follows another may learn of a schema later. Until then records with that id are poison, without asking. */
const askedAgainAfterMs = 60_000

/** Written by one schema to one subject. */
interface Writer {
  readonly id: number
  readonly write: PayloadWriter
}

/**
 * Records in Confluent's wire format. Schemas are fetched when the first record with them comes, and kept. One format may serve
 * several subtasks of its thread.
 */
export class RegistryFormat<T> implements KafkaFormat<T> {
  readonly #language: SchemaLanguage
  readonly #options: RegistryFormatOptions<T>
  readonly #connection: RegistryConnection
  readonly #registration: SchemaRegistration
  readonly #definition: SchemaDefinition | undefined
  readonly #readers: BoundedMap<number, PayloadReader>
  readonly #writers: BoundedMap<string, Writer>
  /** The format's own schema, once what it refers to is there. */
  #own: LoadedSchema | undefined
  #lastId = -1
  #lastReader: PayloadReader | undefined
  #lastPart: RecordPart | undefined
  #lastWriter: Writer | undefined

  /** `schema` is the text of the format's own one. */
  constructor(language: SchemaLanguage, schema: string | undefined, options: RegistryFormatOptions<T>) {
    const settings: RegistrySettings = registrySettings(options.registry)
    this.#language = language
    this.#options = options
    this.#connection = new RegistryConnection(settings)
    this.#readers = new BoundedMap(settings.schemasMax)
    this.#writers = new BoundedMap(settings.schemasMax)
    this.#registration = options.registration ?? (schema === undefined ? 'latest' : 'register')
    if (schema === undefined) {
      const strategy = options.subject === undefined ? options.subjectNameStrategy : undefined
      if (this.#registration !== 'latest') throw withoutSchema('registration', this.#registration)
      if (strategy === 'record-name' || strategy === 'topic-record-name') {
        throw withoutSchema('subjectNameStrategy', strategy)
      }
      return
    }
    const references = options.references ?? []
    this.#definition = { schemaType: language.schemaType, schema, references }
    if (references.length === 0) {
      this.#own = { ...this.#definition, dependencies: [] }
      // Whether it can be understood is known at once.
      language.createWriter(this.#own)
    }
  }

  deserialize(bytes: Buffer): T {
    const id = schemaIdOf(bytes)
    const read = id === this.#lastId ? this.#lastReader! : this.#readerOf(id)
    return validate(this.#options.recordSchema, this.#read(read, bytes, id))
  }

  serialize(value: T, part?: RecordPart): Uint8Array {
    const writer = part !== undefined && part === this.#lastPart ? this.#lastWriter! : this.#writerFor(part)
    return framed(writer.id, writer.write(value))
  }

  #read(read: PayloadReader, bytes: Buffer, id: number): unknown {
    try {
      return read(bytes, headerBytes)
    } catch (error) {
      if (error instanceof SchemaRegistryError || error instanceof FormatNotReady) throw error
      throw new SchemaRegistryError(
        'DECODING_FAILED',
        `its bytes are not what its schema ${id} says: ${messageOf(error)}`,
        { id },
        { cause: error },
      )
    }
  }

  #readerOf(id: number): PayloadReader {
    const reader = this.#readers.get(id)
    if (reader === undefined) throw this.#schemaMissing(id)
    this.#lastId = id
    this.#lastReader = reader
    return reader
  }

  #schemaMissing(id: number): FormatNotReady {
    return new FormatNotReady(`schema ${id}`, (context) => this.#fetchReader(id, context))
  }

  async #fetchReader(id: number, context: FormatContext): Promise<void> {
    const client = new RegistryClient(this.#connection, context)
    const own = await this.#ownSchema(client)
    let reader: PayloadReader
    try {
      const writer = await client.byId(id)
      this.#checkType(writer, { id })
      reader = this.#language.createReader(writer, own)
    } catch (error) {
      if (!(error instanceof SchemaRegistryError && faultsOfRecords.has(error.code))) throw error
      reader = this.#failingReader(id, error, context)
    }
    this.#readers.set(id, reader)
  }

  /** For records that cannot be read: as long as the registry is not asked again. */
  #failingReader(id: number, error: SchemaRegistryError, { clock }: FormatContext): PayloadReader {
    const askedAgainAt = clock.monotonicMs() + askedAgainAfterMs
    return () => {
      if (clock.monotonicMs() < askedAgainAt) throw error
      this.#readers.delete(id)
      this.#lastId = -1
      throw this.#schemaMissing(id)
    }
  }

  #writerFor(part: RecordPart | undefined): Writer {
    const key = part === undefined ? '' : `${part.isKey ? 'key' : 'value'} ${part.topic}`
    const writer = this.#writers.get(key)
    if (writer === undefined) {
      const what = part === undefined ? 'the schema to write by' : `the schema of the ${key.replace(' ', ' of topic ')}`
      throw new FormatNotReady(what, (context) => this.#fetchWriter(key, part, context))
    }
    this.#lastPart = part
    this.#lastWriter = writer
    return writer
  }

  async #fetchWriter(key: string, part: RecordPart | undefined, context: FormatContext): Promise<void> {
    const client = new RegistryClient(this.#connection, context)
    const own = await this.#ownSchema(client)
    const subject = this.#subjectOf(part, own)
    if (this.#registration === 'latest') {
      const schema = await client.latest(subject)
      this.#checkType(schema, { id: schema.id, subject })
      this.#writers.set(key, { id: schema.id, write: this.#language.createWriter(schema) })
    } else {
      const definition = this.#definition!
      const id = await (this.#registration === 'register'
        ? client.register(subject, definition)
        : client.lookUp(subject, definition))
      this.#writers.set(key, { id, write: this.#language.createWriter(own!) })
    }
  }

  async #ownSchema(client: RegistryClient): Promise<LoadedSchema | undefined> {
    if (this.#definition !== undefined) this.#own ??= await client.load(this.#definition)
    return this.#own
  }

  #subjectOf(part: RecordPart | undefined, own: LoadedSchema | undefined): string {
    const { subject, subjectNameStrategy = 'topic-name' } = this.#options
    if (typeof subject === 'string') return subject
    if (part === undefined) {
      throw new SchemaRegistryError(
        'INVALID_OPTION',
        'Cannot write a record: its subject depends on its topic, which is not known here. Pass the part of the record, or `subject`.',
        { option: 'subject' },
        { isLasting: true },
      )
    }
    if (subject !== undefined) return subject(part)
    return subjectName(subjectNameStrategy, part, () => this.#language.recordName(own!))
  }

  #checkType({ schemaType }: LoadedSchema, facts: Readonly<Record<string, unknown>>): void {
    const expected = this.#language.schemaType
    if (schemaType === expected) return
    throw new SchemaRegistryError(
      'SCHEMA_TYPE_MISMATCH',
      `Cannot use schema ${facts.id}: it is of type ${schemaType}, and the format reads and writes ${expected}.`,
      { ...facts, schemaType, expected },
      { isLasting: true },
    )
  }
}

function withoutSchema(option: string, value: string): SchemaRegistryError {
  return new SchemaRegistryError(
    'INVALID_OPTION',
    `Cannot make a format: ${option} "${value}" needs a schema. Pass \`schema\` as well.`,
    { option },
    { isLasting: true },
  )
}
