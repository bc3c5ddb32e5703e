import type { StandardJSONSchemaV1, StandardTypedV1 } from '@standard-schema/spec'
import type { TypeInformation } from './type-information.ts'
import type { OptionalField } from './types.ts'
import { Types } from './types.ts'

const int32Min = -(2 ** 31)
const int32Max = 2 ** 31 - 1
const depthMax = 50

/**
 * The type of a schema's output. Where the library of the schema can describe it as JSON Schema (the Standard JSON
 * Schema interface), the description is turned into a type; what that cannot express stays generic, which is exact and
 * slower. Properties that the schema does not name do not travel.
 */
export function typeFromStandardSchema<S extends StandardTypedV1>(
  schema: S,
): TypeInformation<StandardTypedV1.InferOutput<S>> {
  const standard = schema['~standard'] as Partial<StandardJSONSchemaV1.Props>
  let description: unknown
  try {
    description = standard.jsonSchema?.output({ target: 'draft-2020-12' })
  } catch {
    // The library says so where its type has no JSON form, e.g. a Date.
  }
  return typeFromJsonSchema(description, 0) as TypeInformation<StandardTypedV1.InferOutput<S>>
}

function typeFromJsonSchema(schema: unknown, depth: number): TypeInformation<unknown> {
  if (typeof schema !== 'object' || schema === null || depth > depthMax) return Types.GENERIC
  const {
    type,
    anyOf,
    oneOf,
    enum: values,
    const: value,
    $ref,
    allOf,
    not,
  } = schema as Readonly<Record<string, unknown>>
  if ($ref !== undefined || allOf !== undefined || not !== undefined) return Types.GENERIC
  const alternatives = anyOf ?? oneOf
  if (Array.isArray(alternatives)) return typeOfAlternatives(alternatives, depth)
  if (Array.isArray(type))
    return typeOfAlternatives(
      type.map((one: unknown) => ({ ...schema, type: one })),
      depth,
    )
  if (Array.isArray(values) || value !== undefined) return typeOfConstants(Array.isArray(values) ? values : [value])
  switch (type) {
    case 'string':
      return Types.STRING
    case 'boolean':
      return Types.BOOLEAN
    case 'integer':
      return typeOfInteger(schema)
    case 'number':
      return Types.DOUBLE
    case 'array':
      return typeOfArray(schema, depth)
    case 'object':
      return typeOfObject(schema, depth)
    default:
      return Types.GENERIC
  }
}

/** One type, or one type and null. */
function typeOfAlternatives(alternatives: readonly unknown[], depth: number): TypeInformation<unknown> {
  const isNull = (schema: unknown): boolean => (schema as { type?: unknown } | null)?.type === 'null'
  const others = alternatives.filter((schema) => !isNull(schema))
  if (others.length !== 1) return Types.GENERIC
  const type = typeFromJsonSchema(others[0], depth + 1)
  return others.length === alternatives.length || type.kind === 'generic' ? type : Types.nullable(type)
}

function typeOfConstants(values: readonly unknown[]): TypeInformation<unknown> {
  if (values.every((value) => typeof value === 'string')) return Types.STRING
  if (values.every((value) => typeof value === 'boolean')) return Types.BOOLEAN
  if (values.every((value) => typeof value === 'number')) return Types.DOUBLE
  return Types.GENERIC
}

function typeOfInteger(schema: object): TypeInformation<number> {
  const { minimum, maximum } = schema as { minimum?: unknown; maximum?: unknown }
  const fits = typeof minimum === 'number' && typeof maximum === 'number' && minimum >= int32Min && maximum <= int32Max
  // A library's zero may be -0, which only a LONG can hold.
  return fits && minimum > 0 ? Types.INT : Types.LONG
}

function typeOfArray(schema: object, depth: number): TypeInformation<unknown> {
  const { items, prefixItems, minItems } = schema as Readonly<Record<string, unknown>>
  if (Array.isArray(prefixItems)) {
    const fixed =
      (items === undefined || items === false) && (minItems === undefined || minItems === prefixItems.length)
    return fixed ? Types.tuple(prefixItems.map((item) => typeFromJsonSchema(item, depth + 1))) : Types.GENERIC
  }
  return typeof items === 'object' ? Types.list(typeFromJsonSchema(items, depth + 1)) : Types.GENERIC
}

function typeOfObject(schema: object, depth: number): TypeInformation<unknown> {
  const { properties, required, additionalProperties, patternProperties } = schema as Readonly<Record<string, unknown>>
  const isOpen = (additionalProperties ?? false) !== false || patternProperties !== undefined
  if (typeof properties !== 'object' || properties === null || isOpen) return Types.GENERIC
  const needed = new Set(Array.isArray(required) ? required : [])
  const fields: Record<string, TypeInformation<unknown> | OptionalField<unknown>> = {}
  for (const [name, property] of Object.entries(properties)) {
    if (name === '__proto__') return Types.GENERIC
    const type = typeFromJsonSchema(property, depth + 1)
    fields[name] = needed.has(name) ? type : Types.optional(type)
  }
  return Types.row(fields)
}
