import avsc from 'avsc'
import { messageOf } from '../../kafka/message-of.ts'
import type { LoadedSchema } from '../client/schema-definition.ts'
import { SchemaRegistryError } from '../schema-registry-error.ts'
import { BoundedArrayType, BoundedMapType } from './bounded-collections.ts'
import { Decimal, isDecimal, PlainBytes } from './byte-types.ts'
import { exactLong } from './exact-long.ts'
import { PromotingDouble, PromotingFloat } from './promoting-types.ts'

type Options = Partial<avsc.ForSchemaOptions>

const primitives: Readonly<Record<string, avsc.Type>> = {
  long: exactLong,
  bytes: new PlainBytes({ type: 'bytes', logicalType: 'bytes' } as avsc.Schema),
  double: new PromotingDouble(),
  float: new PromotingFloat(),
}

/**
 * What avsc makes of a schema, with values that are plain data: objects, numbers, bigints where numbers would not be exact,
 * Uint8Arrays, and text for decimals.
 *
 * @throws SchemaRegistryError `SCHEMA_INVALID`
 */
export function avroType({ schema, dependencies }: LoadedSchema): avsc.Type {
  const options: Options = { registry: {}, omitRecordMethods: true, typeHook: typeHook(), logicalTypes: {} }
  try {
    for (const dependency of dependencies) avsc.Type.forSchema(JSON.parse(dependency.schema), options)
    return avsc.Type.forSchema(JSON.parse(schema), options)
  } catch (error) {
    throw new SchemaRegistryError(
      'SCHEMA_INVALID',
      `Cannot understand an Avro schema: ${messageOf(error)}. It is ${shortened(schema)}`,
      {},
      { cause: error },
    )
  }
}

/** Asked for every schema within a schema: answers a type, or undefined to let avsc make it. */
function typeHook(): (schema: unknown, options: Options) => avsc.Type | undefined {
  /** Those that are being made: avsc asks again for what is underneath. */
  const begun = new WeakSet<object>()
  return (schema, options) => {
    if (typeof schema === 'string') return primitives[schema]
    if (typeof schema !== 'object' || schema === null || begun.has(schema)) return undefined
    if (Array.isArray(schema)) return unionType(schema, options)
    const { type } = schema as { readonly type?: unknown }
    if (type === 'bytes' || type === 'fixed') {
      begun.add(schema)
      if (isDecimal(schema)) return new Decimal(schema, options)
      return type === 'bytes' ? primitives.bytes : new PlainBytes(schema as avsc.Schema, options)
    }
    if (type === 'array') return new BoundedArrayType(schema as avsc.Schema, options)
    if (type === 'map') return new BoundedMapType(schema as avsc.Schema, options)
    if (type === 'record' || type === 'error') {
      begun.add(schema)
      return withPlainRecords(avsc.Type.forSchema(schema as avsc.Schema, options))
    }
    return typeof type === 'string' ? primitives[type] : undefined
  }
}

/** A record is made by `new` of a generated function, which keeps its fields in order; it needs no class of its own. */
function withPlainRecords(type: avsc.Type): avsc.Type {
  const { recordConstructor } = type as unknown as { readonly recordConstructor: { prototype: object } }
  recordConstructor.prototype = Object.prototype
  return type
}

/** Values of a union are as they are where they tell their branch, else `{ [branch]: value }`, as in Avro's JSON. */
function unionType(schema: readonly unknown[], options: Options): avsc.Type {
  const types = schema.map((each) => avsc.Type.forSchema(each as avsc.Schema, options))
  const kinds = types.map(kindOf)
  if (new Set(kinds).size === kinds.length) {
    return new avsc.types.UnwrappedUnionType(types as unknown as avsc.Schema, options)
  }
  for (const type of types) {
    const { _branchConstructor } = type as unknown as { readonly _branchConstructor: { prototype: object } | null }
    if (_branchConstructor !== null) _branchConstructor.prototype = Object.prototype
  }
  return new avsc.types.WrappedUnionType(types as unknown as avsc.Schema, options)
}

/** What values of a type look like: two of one kind cannot be told apart. */
function kindOf(type: avsc.Type): string {
  if (type instanceof Decimal) return 'text'
  switch (type.typeName) {
    case 'int':
    case 'abstract:long':
    case 'float':
    case 'double':
      return 'number'
    case 'string':
    case 'enum':
      return 'text'
    case 'null':
    case 'boolean':
    case 'array':
      return type.typeName
    default:
      // Records, maps, bytes.
      return 'object'
  }
}

function shortened(schema: string): string {
  return schema.length <= 200 ? schema : `${schema.slice(0, 200)}...`
}
