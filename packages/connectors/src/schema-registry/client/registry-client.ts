import type { FormatContext } from '../../kafka/formats/format-not-ready.ts'
import { SchemaRegistryError } from '../schema-registry-error.ts'
import { refusal } from './refusal.ts'
import type { RegistryAnswer, RegistryConnection } from './registry-connection.ts'
import type {
  LoadedSchema,
  SchemaDefinition,
  SchemaDependency,
  SchemaReference,
  SchemaType,
} from './schema-definition.ts'

export interface RegisteredSchema extends LoadedSchema {
  readonly id: number
}

/** More than any schema refers to; a circle of references would have no end. */
const dependenciesMax = 1_000

/** The part of the registry's API that formats need. All rejections are `SchemaRegistryError`s. */
export class RegistryClient {
  readonly #connection: RegistryConnection
  readonly #context: FormatContext

  constructor(connection: RegistryConnection, context: FormatContext) {
    this.#connection = connection
    this.#context = context
  }

  async byId(id: number): Promise<RegisteredSchema> {
    const what = `fetch schema ${id}`
    const answer = await this.#get(what, `/schemas/ids/${id}`, { id })
    return { ...(await this.#loaded(what, definitionIn(answer, what))), id }
  }

  async latest(subject: string): Promise<RegisteredSchema> {
    const what = `fetch the latest schema of subject "${subject}"`
    const answer = await this.#get(what, `/subjects/${encodeURIComponent(subject)}/versions/latest`, { subject })
    return { ...(await this.#loaded(what, definitionIn(answer, what))), id: idIn(answer, what) }
  }

  /** Answers its id, an old one if it is registered already. */
  async register(subject: string, definition: SchemaDefinition): Promise<number> {
    const what = `register a schema under subject "${subject}"`
    return this.#post(what, `/subjects/${encodeURIComponent(subject)}/versions`, definition, { subject })
  }

  /** The id of a schema that is registered under the subject. */
  async lookUp(subject: string, definition: SchemaDefinition): Promise<number> {
    const what = `find a schema under subject "${subject}"`
    return this.#post(what, `/subjects/${encodeURIComponent(subject)}`, definition, { subject })
  }

  /** With what it refers to. */
  async load(definition: SchemaDefinition): Promise<LoadedSchema> {
    return this.#loaded('fetch what a schema refers to', definition)
  }

  async #loaded(what: string, definition: SchemaDefinition): Promise<LoadedSchema> {
    const dependencies = new Map<string, SchemaDependency>()
    await this.#collect(what, definition.references, dependencies, 0)
    return { ...definition, dependencies: [...dependencies.values()] }
  }

  /** Depth first, so that each comes after what it needs itself. */
  async #collect(
    what: string,
    references: readonly SchemaReference[],
    into: Map<string, SchemaDependency>,
    depth: number,
  ): Promise<void> {
    for (const { name, subject, version } of references) {
      if (into.has(name)) continue
      if (depth + into.size >= dependenciesMax) {
        throw new SchemaRegistryError(
          'SCHEMA_INVALID',
          `Cannot ${what}: it refers to ${dependenciesMax} others and more.`,
        )
      }
      const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}`
      const definition = definitionIn(await this.#get(what, path, { subject, version }), what)
      await this.#collect(what, definition.references, into, depth + 1)
      into.set(name, { name, schema: definition.schema })
    }
  }

  async #get(what: string, path: string, facts: Readonly<Record<string, unknown>>): Promise<RegistryAnswer> {
    return accepted(await this.#connection.ask(what, { method: 'GET', path }, this.#context), what, facts)
  }

  async #post(
    what: string,
    path: string,
    { schemaType, schema, references }: SchemaDefinition,
    facts: Readonly<Record<string, unknown>>,
  ): Promise<number> {
    // Old registries know neither types but Avro nor references.
    const body = {
      schema,
      ...(schemaType === 'AVRO' ? {} : { schemaType }),
      ...(references.length === 0 ? {} : { references }),
    }
    const answer = await this.#connection.ask(what, { method: 'POST', path, body }, this.#context)
    return idIn(accepted(answer, what, facts), what)
  }
}

function accepted(answer: RegistryAnswer, what: string, facts: Readonly<Record<string, unknown>>): RegistryAnswer {
  if (answer.status >= 200 && answer.status < 300) return answer
  throw refusal(answer, what, facts)
}

function idIn(answer: RegistryAnswer, what: string): number {
  const { id } = (answer.body ?? {}) as { readonly id?: unknown }
  if (Number.isInteger(id)) return id as number
  throw strange(answer, what, 'it has no id')
}

function definitionIn(answer: RegistryAnswer, what: string): SchemaDefinition {
  const body = (answer.body ?? {}) as Readonly<Record<string, unknown>>
  const { schema, schemaType = 'AVRO', references = [] } = body
  if (typeof schema !== 'string') throw strange(answer, what, 'it has no schema')
  return {
    schema,
    // A type that nobody knows here is told by the format that is to read it.
    schemaType: schemaType as SchemaType,
    references: (references ?? []) as readonly SchemaReference[],
  }
}

function strange({ url, status }: RegistryAnswer, what: string, reason: string): SchemaRegistryError {
  return new SchemaRegistryError(
    'REGISTRY_REFUSED',
    `Cannot ${what}: ${url} does not answer as a schema registry does: ${reason}. Check its URL.`,
    { url, status },
  )
}
