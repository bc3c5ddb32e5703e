import protobuf from 'protobufjs'
import { messageOf } from '../../kafka/message-of.ts'
import type { LoadedSchema } from '../client/schema-definition.ts'
import { SchemaRegistryError } from '../schema-registry-error.ts'
import { wellKnownFile } from './well-known-files.ts'

/** A .proto file with all that it imports, and its own messages in the order of the file. */
export interface ProtoFile {
  readonly root: protobuf.Root
  /** By their place in the file: a name, and the messages within. */
  readonly messages: readonly MessagePlace[]
}

export interface MessagePlace {
  /** With its package, without a dot in front. */
  readonly fullName: string
  readonly nested: readonly MessagePlace[]
}

/** @throws SchemaRegistryError `SCHEMA_INVALID` */
export function protoFile({ schema, dependencies }: LoadedSchema): ProtoFile {
  try {
    const root = new protobuf.Root()
    const given = new Set(dependencies.map(({ name }) => name))
    const added = new Set<string>()
    for (const text of [schema, ...dependencies.map((dependency) => dependency.schema)]) {
      addImports(root, protobuf.parse(text, root), given, added)
    }
    root.resolveAll()
    // By itself once more: within one root, files of one package are no longer apart.
    const alone = protobuf.parse(schema, new protobuf.Root())
    const own = alone.package === undefined ? alone.root : alone.root.lookup(alone.package)
    return { root, messages: own instanceof protobuf.Namespace ? placesIn(own) : [] }
  } catch (error) {
    if (error instanceof SchemaRegistryError) throw error
    throw new SchemaRegistryError(
      'SCHEMA_INVALID',
      `Cannot understand a Protobuf schema: ${messageOf(error)}. It is ${shortened(schema)}`,
      {},
      { cause: error },
    )
  }
}

function addImports(
  root: protobuf.Root,
  { imports = [], weakImports = [] }: protobuf.IParserResult,
  given: ReadonlySet<string>,
  added: Set<string>,
): void {
  for (const path of [...imports, ...weakImports]) {
    if (given.has(path) || added.has(path)) continue
    added.add(path)
    const file = wellKnownFile(path)
    if (file === undefined) {
      throw new SchemaRegistryError(
        'SCHEMA_INVALID',
        `Cannot understand a Protobuf schema: it imports "${path}", which is not among its references. Add a reference of that name.`,
        { import: path },
      )
    }
    if (typeof file === 'string') addImports(root, protobuf.parse(file, root), given, added)
    else root.addJSON(file)
  }
}

function placesIn(namespace: protobuf.NamespaceBase): readonly MessagePlace[] {
  return namespace.nestedArray
    .filter((each) => each instanceof protobuf.Type)
    .map((type) => ({ fullName: type.fullName.replace(/^\./, ''), nested: placesIn(type) }))
}

function shortened(schema: string): string {
  return schema.length <= 200 ? schema : `${schema.slice(0, 200)}...`
}
