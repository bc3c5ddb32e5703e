import { preview } from '@millrace/runtime/connector'
import protobuf from 'protobufjs'
import { fromLong } from './long-values.ts'
import { enumConversion, scalarConversion, type ValueConversion } from './scalar-values.ts'

type Fields = Record<string, unknown>

interface FieldConversion {
  /** In protobufjs's messages. */
  readonly name: string
  /** In records: as in Protobuf's JSON. */
  readonly jsonName: string
  /** Whether it tells a default that was written from nothing at all. */
  readonly hasPresence: boolean
  readonly isRequired: boolean
  readonly oneof: string | undefined
  fromMessage(value: unknown): unknown
  /** Throws `Misfit`. */
  toMessage(value: unknown): unknown
  isDefault(value: unknown): boolean
}

/** Why a record does not fit, and where: the path is made on the way out. */
export class Misfit extends Error {
  override readonly name: string = 'Misfit'
  #path = ''

  within(field: string): this {
    this.#path = this.#path === '' ? field : `${field}.${this.#path}`
    return this
  }

  override toString(): string {
    return this.#path === '' ? this.message : `${this.#path}: ${this.message}`
  }
}

/** Between protobufjs's messages of a type and plain objects. Types that refer to themselves need theirs to be kept. */
export class MessageConversion {
  readonly #type: protobuf.Type
  readonly #made: Map<protobuf.Type, MessageConversion>
  #fields: readonly FieldConversion[] | undefined
  #byJsonName: ReadonlyMap<string, FieldConversion> | undefined

  private constructor(type: protobuf.Type, made: Map<protobuf.Type, MessageConversion>) {
    this.#type = type
    this.#made = made
    made.set(type, this)
  }

  static of(type: protobuf.Type, made: Map<protobuf.Type, MessageConversion> = new Map()): MessageConversion {
    return made.get(type) ?? new MessageConversion(type, made)
  }

  fromMessage(message: Fields): Fields {
    const record: Fields = {}
    for (const field of this.#allFields()) {
      if (field.hasPresence && !Object.hasOwn(message, field.name)) continue
      record[field.jsonName] = field.fromMessage(message[field.name])
    }
    return record
  }

  toMessage(record: unknown): Fields {
    if (typeof record !== 'object' || record === null || Array.isArray(record)) {
      throw new Misfit(`${preview(record)} is no object`)
    }
    this.#allFields()
    const message: Fields = {}
    const chosen = new Map<string, string>()
    for (const [key, value] of Object.entries(record)) {
      if (value === undefined || value === null) continue
      const field = this.#byJsonName!.get(key)
      if (field === undefined) throw new Misfit(`${this.#type.name} has no field of that name`).within(key)
      if (!field.hasPresence && field.isDefault(value)) continue
      if (field.oneof !== undefined) {
        const other = chosen.get(field.oneof)
        if (other !== undefined)
          throw new Misfit(`"${other}" is there as well, and "${field.oneof}" has one`).within(key)
        chosen.set(field.oneof, key)
      }
      try {
        message[field.name] = field.toMessage(value)
      } catch (error) {
        throw error instanceof Misfit ? error.within(key) : error
      }
    }
    for (const { name, jsonName, isRequired } of this.#allFields()) {
      if (isRequired && !Object.hasOwn(message, name)) throw new Misfit('it is required').within(jsonName)
    }
    return message
  }

  #allFields(): readonly FieldConversion[] {
    if (this.#fields === undefined) {
      // Extensions belong to no record: their names begin with a dot.
      const own = this.#type.fieldsArray.filter(({ name }) => !name.startsWith('.'))
      this.#fields = own.map((field) => this.#fieldConversion(field.resolve()))
      this.#byJsonName = new Map(this.#fields.map((field) => [field.jsonName, field]))
    }
    return this.#fields
  }

  #fieldConversion(field: protobuf.Field): FieldConversion {
    const { name, jsonName, repeated, map, partOf } = field
    const value = this.#valueConversion(field)
    const described = {
      name,
      jsonName,
      hasPresence: !repeated && !map && (field.hasPresence || field.resolvedType instanceof protobuf.Type),
      isRequired: field.required,
      // One that stands for `optional` has no choice to make.
      oneof: partOf === null || partOf === undefined || partOf.isProto3Optional ? undefined : partOf.name,
    }
    const toOne = (each: unknown): unknown => {
      const converted = value.toMessage(each)
      if (converted === undefined) throw new Misfit(`${preview(each)} is no ${field.type}`)
      return converted
    }
    if (field instanceof protobuf.MapField) {
      const fromKey = mapKeyReader(field.keyType)
      return {
        ...described,
        fromMessage: (entries) =>
          Object.fromEntries(
            Object.entries(entries as Fields).map(([key, each]) => [fromKey(key), value.fromMessage(each)]),
          ),
        toMessage: (entries) => toEntries(entries, field.keyType, toOne),
        isDefault: (entries) => typeof entries === 'object' && Object.keys(entries as object).length === 0,
      }
    }
    if (repeated) {
      return {
        ...described,
        fromMessage: (items) => (items as readonly unknown[]).map((item) => value.fromMessage(item)),
        toMessage: (items) => {
          if (!Array.isArray(items)) throw new Misfit(`${preview(items)} is no array`)
          return items.map((item: unknown, i) => {
            try {
              return toOne(item)
            } catch (error) {
              throw error instanceof Misfit ? error.within(String(i)) : error
            }
          })
        },
        isDefault: (items) => Array.isArray(items) && items.length === 0,
      }
    }
    return {
      ...described,
      fromMessage: (each) => value.fromMessage(each),
      toMessage: toOne,
      isDefault: (each) => value.toMessage(each) !== undefined && value.isDefault(each),
    }
  }

  #valueConversion({ type, resolvedType }: protobuf.Field): ValueConversion {
    if (resolvedType instanceof protobuf.Enum) return enumConversion(resolvedType)
    if (!(resolvedType instanceof protobuf.Type)) return scalarConversion(type)
    const conversion = MessageConversion.of(resolvedType, this.#made)
    return {
      fromMessage: (value) => conversion.fromMessage(value as Fields),
      toMessage: (value) => conversion.toMessage(value),
      isDefault: () => false,
    }
  }
}

const longKeyTypes = new Set(['int64', 'uint64', 'sint64', 'fixed64', 'sfixed64'])

/** protobufjs has 64-bit keys as eight characters. */
function mapKeyReader(keyType: string): (key: string) => string {
  if (!longKeyTypes.has(keyType)) return (key) => key
  const isUnsigned = keyType === 'uint64' || keyType === 'fixed64'
  return (key) => {
    const { lo, hi } = protobuf.util.LongBits.fromHash(key)
    return String(fromLong({ low: lo, high: hi }, isUnsigned))
  }
}

function toEntries(entries: unknown, keyType: string, toOne: (value: unknown) => unknown): Fields {
  if (typeof entries !== 'object' || entries === null || Array.isArray(entries)) {
    throw new Misfit(`${preview(entries)} is no object`)
  }
  const message: Fields = {}
  for (const [key, value] of Object.entries(entries)) {
    if (keyType !== 'string' && !(keyType === 'bool' ? /^(true|false)$/ : /^-?\d+$/).test(key)) {
      throw new Misfit(`${JSON.stringify(key)} is no ${keyType}`)
    }
    try {
      // protobufjs takes any text but the empty one for true.
      message[keyType === 'bool' && key === 'false' ? '' : key] = toOne(value)
    } catch (error) {
      throw error instanceof Misfit ? error.within(key) : error
    }
  }
  return message
}
