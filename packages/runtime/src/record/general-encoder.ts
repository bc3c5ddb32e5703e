import { ByteWriter } from './byte-writer.ts'
import { constructorName, previewRecord } from './preview.ts'
import { RecordError, type RecordErrorCode } from './record-error.ts'
import { describePath, formatPath, type RecordPathStep } from './record-path.ts'
import type { RegisteredType, TypeRegistry } from './type-registry.ts'
import { typedArrayNumber, ValueTag } from './value-tag.ts'

/** Levels of objects inside objects. Far above what records have, far below what the stack can take. */
export const recordDepthMax = 500

export interface GeneralEncoderOptions {
  readonly registry?: TypeRegistry | undefined
  /** The beginning of messages, e.g. `Cannot send a record along Parse -> Count`. */
  readonly attempt?: (() => string) | undefined
}

/** Writes any value that may leave its thread; `general-codec.ts` says which those are. */
export class GeneralEncoder {
  readonly #own = new ByteWriter()
  /** What is written to now. */
  #out: ByteWriter = this.#own
  readonly #registry: TypeRegistry | undefined
  readonly #attempt: () => string
  /** The way to the value being written, and the objects on it. */
  #path: RecordPathStep[] = []
  #ancestors: object[] = []

  constructor(options: GeneralEncoderOptions = {}) {
    this.#registry = options.registry
    this.#attempt = options.attempt ?? (() => 'Cannot encode a record')
  }

  /**
   * The bytes are valid until the next call. `path` is where `value` is in its record, for messages.
   * Throws RecordError if `value` holds what may not leave its thread; runs no code of the value then or otherwise,
   * except the `encode` of a registered type.
   */
  encode(value: unknown, path: readonly RecordPathStep[] = []): Uint8Array {
    this.#path = [...path]
    this.#ancestors = []
    this.#out = this.#own
    this.#out.start()
    this.#value(value)
    return this.#out.finish()
  }

  /**
   * Appends `value` to what `out` has already. If it throws, a part of the value may have been written.
   * bench: key-group-codec.bench.ts
   */
  encodeTo(out: ByteWriter, value: unknown): void {
    this.#out = out
    if (typeof value === 'object' && value !== null) {
      this.#path.length = 0
      this.#ancestors.length = 0
    } else if (typeof value === 'function' || typeof value === 'symbol') this.#path.length = 0
    this.#value(value)
  }

  #value(value: unknown): void {
    const out = this.#out
    switch (typeof value) {
      case 'string':
        out.byte(ValueTag.string)
        out.string(value)
        return
      case 'number':
        if (Object.is(value | 0, value)) out.taggedInteger(value)
        else {
          out.byte(ValueTag.float64)
          out.float64(value)
        }
        return
      case 'boolean':
        out.byte(value ? ValueTag.true : ValueTag.false)
        return
      case 'undefined':
        out.byte(ValueTag.undefined)
        return
      case 'bigint':
        this.#bigint(value)
        return
      case 'object':
        value === null ? out.byte(ValueTag.null) : this.#object(value)
        return
      case 'function':
        throw this.#unsupported(
          value,
          'a function',
          'send data that describes what to do, and keep the function in the operator',
        )
      default:
        throw this.#unsupported(value, 'a symbol', 'send a string instead')
    }
  }

  #bigint(value: bigint): void {
    if (BigInt.asIntN(64, value) === value) {
      this.#out.byte(ValueTag.int64)
      this.#out.int64(value)
      return
    }
    this.#out.byte(ValueTag.bigint)
    this.#out.byte(value < 0n ? 1 : 0)
    this.#out.string((value < 0n ? -value : value).toString(16))
  }

  #object(value: object): void {
    if (this.#ancestors.includes(value)) {
      throw this.#error(
        'CYCLE',
        value,
        'contains itself',
        'records are trees: refer to the outer object by an id instead',
      )
    }
    if (this.#ancestors.length >= recordDepthMax) {
      throw this.#error(
        'TOO_DEEP',
        value,
        `lies more than ${recordDepthMax} levels deep`,
        'flatten it, e.g. a linked list to an array',
      )
    }
    this.#ancestors.push(value)
    const prototype: object | null = Object.getPrototypeOf(value)
    if (prototype === Object.prototype) this.#fields(value, ValueTag.object)
    else if (prototype === null) this.#fields(value, ValueTag.nullPrototypeObject)
    else if (prototype === Array.prototype && Array.isArray(value)) this.#array(value)
    else this.#instance(value, prototype)
    this.#ancestors.pop()
  }

  #fields(value: object, tag: number): void {
    const keys = this.#checkedKeys(value)
    this.#out.byte(tag)
    this.#out.count(keys.length)
    for (const key of keys) {
      this.#path.push(key)
      const field: unknown = this.#plainProperty(value, key)
      this.#out.string(key)
      this.#value(field)
      this.#path.pop()
    }
  }

  #checkedKeys(value: object): string[] {
    const keys = Reflect.ownKeys(value)
    for (const key of keys) {
      if (typeof key === 'symbol') throw this.#property(value, `the symbol ${String(key)} as a key`)
    }
    return keys as string[]
  }

  #plainProperty(value: object, key: string): unknown {
    const descriptor = Object.getOwnPropertyDescriptor(value, key)!
    if (!('value' in descriptor))
      throw this.#error('UNSUPPORTED_PROPERTY', value, 'is a getter or setter', 'send the value that it computes')
    if (!descriptor.enumerable) {
      throw this.#error(
        'UNSUPPORTED_PROPERTY',
        descriptor.value,
        'is a non-enumerable property',
        'make it enumerable, or leave it out',
      )
    }
    return descriptor.value
  }

  #array(value: readonly unknown[]): void {
    const out = this.#out
    out.byte(ValueTag.array)
    out.count(value.length)
    // The indexes come first and ascending; `length` is the first key after them.
    const keys = this.#checkedKeys(value)
    const named = keys.length - 1
    if (keys[named] !== 'length')
      throw this.#property(value, `the named property ${JSON.stringify(keys.at(-1))} of an array`)
    const dense = named === value.length
    let next = 0
    for (let i = 0; i < named; i++) {
      const index = dense ? i : Number(keys[i])
      if (!dense && !(index >= next && index < value.length)) {
        throw this.#property(value, `the named property ${JSON.stringify(keys[i])} of an array`)
      }
      if (index > next) this.#holes(index - next)
      this.#path.push(index)
      this.#value(this.#plainProperty(value, keys[i]!))
      this.#path.pop()
      next = index + 1
    }
    if (next < value.length) this.#holes(value.length - next)
  }

  #holes(count: number): void {
    this.#out.byte(ValueTag.holes)
    this.#out.count(count)
  }

  #instance(value: object, prototype: object): void {
    const out = this.#out
    const number = typedArrayNumber(prototype)
    if (number !== undefined && ArrayBuffer.isView(value)) {
      out.byte(ValueTag.typedArray)
      out.byte(number)
      this.#binary(value)
      return
    }
    if (prototype === Buffer.prototype && ArrayBuffer.isView(value)) {
      out.byte(ValueTag.buffer)
      this.#binary(value)
      return
    }
    if (prototype === Date.prototype && value instanceof Date) {
      this.#noProperties(value)
      out.byte(ValueTag.date)
      out.float64(Date.prototype.getTime.call(value))
      return
    }
    if (prototype === Map.prototype && value instanceof Map) {
      this.#map(value)
      return
    }
    if (prototype === Set.prototype && value instanceof Set) {
      this.#set(value)
      return
    }
    if (prototype === ArrayBuffer.prototype && value instanceof ArrayBuffer) {
      this.#noProperties(value)
      out.byte(ValueTag.arrayBuffer)
      this.#binary(new Uint8Array(value))
      return
    }
    if (prototype === DataView.prototype && ArrayBuffer.isView(value)) {
      this.#noProperties(value)
      out.byte(ValueTag.dataView)
      this.#binary(value)
      return
    }
    const registered = this.#registry?.byPrototype(prototype)
    if (registered !== undefined) {
      this.#registered(value, registered)
      return
    }
    throw this.#refusal(value)
  }

  #binary(value: ArrayBufferView): void {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    this.#out.count(bytes.length)
    this.#out.bytes(bytes)
  }

  #map(value: ReadonlyMap<unknown, unknown>): void {
    this.#noProperties(value)
    this.#out.byte(ValueTag.map)
    this.#out.count(value.size)
    Map.prototype.forEach.call(value, (item: unknown, key: unknown) => {
      this.#path.push({ of: 'map key', entry: key })
      this.#value(key)
      this.#path[this.#path.length - 1] = { of: 'map value', entry: key }
      this.#value(item)
      this.#path.pop()
    })
  }

  #set(value: ReadonlySet<unknown>): void {
    this.#noProperties(value)
    this.#out.byte(ValueTag.set)
    this.#out.count(value.size)
    Set.prototype.forEach.call(value, (item: unknown) => {
      this.#path.push({ of: 'set value', entry: item })
      this.#value(item)
      this.#path.pop()
    })
  }

  #registered(value: object, type: RegisteredType): void {
    this.#out.byte(ValueTag.registered)
    this.#out.string(type.name)
    if (type.encode === undefined) {
      this.#fields(value, ValueTag.object)
      return
    }
    let plain: unknown
    try {
      plain = type.encode(value)
    } catch (cause) {
      const message = `${this.#attempt()}: \`encode\` of the registered type "${type.name}" threw at ${this.#place()}`
      throw new RecordError(
        'REGISTERED_TYPE_FAILED',
        message,
        { type: type.name, path: formatPath(this.#path) },
        { cause },
      )
    }
    this.#value(plain)
  }

  /** Built-in objects have their contents inside; what is pinned on them as properties would be lost. */
  #noProperties(value: object): void {
    const key = Reflect.ownKeys(value)[0]
    if (key !== undefined) throw this.#property(value, `the property ${String(key)} on a ${constructorName(value)}`)
  }

  #refusal(value: object): RecordError {
    const name = constructorName(value)
    if (value instanceof SharedArrayBuffer) return this.#unsupported(value, 'shared memory', 'send a copy of its bytes')
    if (value instanceof Promise) {
      return this.#unsupported(
        value,
        'a promise',
        'records are values: use an async operator, which emits what the promise resolves to',
      )
    }
    if (value instanceof WeakMap || value instanceof WeakSet || value instanceof WeakRef) {
      return this.#unsupported(value, `a ${name}`, 'its contents cannot be listed: use a Map or a Set')
    }
    return this.#error(
      'UNREGISTERED_CLASS',
      value,
      `is an instance of class ${name}, which is not registered`,
      `register it with env.registerType(${name}, { name: ... }), or send a plain object`,
    )
  }

  #unsupported(value: unknown, what: string, remedy: string): RecordError {
    return this.#error('UNSUPPORTED_VALUE', value, `is ${what}, which cannot leave its thread`, remedy)
  }

  #property(value: object, what: string): RecordError {
    return this.#error(
      'UNSUPPORTED_PROPERTY',
      value,
      `has ${what}, which would be lost`,
      'send a copy with plain fields only',
    )
  }

  #error(code: RecordErrorCode, value: unknown, what: string, remedy: string): RecordError {
    const preview = previewRecord(value, 80)
    const message = `${this.#attempt()}: ${this.#place()} ${what} (${preview}). Remedy: ${remedy}.`
    return new RecordError(code, message, { path: formatPath(this.#path), value: preview })
  }

  #place(): string {
    return describePath(formatPath(this.#path))
  }
}
