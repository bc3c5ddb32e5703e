import { copyString, pinningLengthMin } from './detach-strings.ts'
import { GeneralDecoder } from './general-decoder.ts'
import { GeneralEncoder, recordDepthMax } from './general-encoder.ts'
import { RecordError } from './record-error.ts'
import type { TypeRegistry } from './type-registry.ts'

export interface ValueCopierOptions {
  readonly registry?: TypeRegistry | undefined
  /** The beginning of messages. */
  readonly attempt?: (() => string) | undefined
  /** What the general codec refuses is kept as it is, in place of an error. */
  readonly keepsForeign?: boolean
}

/**
 * Copies what is kept, so that neither its maker nor its readers can change it. Exact for all that the general codec
 * takes; what it refuses is a RecordError. Primitives cost nothing.
 */
export class ValueCopier {
  readonly #registry: TypeRegistry | undefined
  readonly #encoder: GeneralEncoder
  readonly #decoder: GeneralDecoder
  readonly #keepsForeign: boolean
  #detaches = false

  constructor(options: ValueCopierOptions = {}) {
    this.#registry = options.registry
    this.#encoder = new GeneralEncoder(options)
    this.#decoder = new GeneralDecoder(options.registry)
    this.#keepsForeign = options.keepsForeign ?? false
  }

  /** To be kept: texts that may be cuts of a segment's are copied out of it. */
  copyIn<T>(value: T): T {
    this.#detaches = true
    try {
      return this.#copy(value, 0) as T
    } catch (error) {
      // The error is about a part: as a whole, the value names the place.
      if (error instanceof RecordError) this.#encoder.encode(value)
      throw error
    }
  }

  /** To be handed out: texts never change, and stay. */
  copyOut<T>(value: T): T {
    if (typeof value !== 'object' || value === null) return value
    this.#detaches = false
    return this.#copy(value, 0) as T
  }

  #copy(value: unknown, depth: number): unknown {
    switch (typeof value) {
      case 'string':
        return this.#detaches && value.length >= pinningLengthMin ? copyString(value) : value
      case 'object':
        return value === null ? null : this.#copyObject(value, depth + 1)
      case 'function':
      case 'symbol':
        return this.#copyGenerally(value)
      default:
        return value
    }
  }

  #copyObject(value: object, depth: number): unknown {
    // Deeper ones are cycles, or refused as they would be on an edge.
    if (depth > recordDepthMax) return this.#copyGenerally(value)
    const prototype: object | null = Object.getPrototypeOf(value)
    if (prototype === Object.prototype) return this.#copyFields(value, {}, depth)
    if (prototype === Array.prototype && Array.isArray(value)) return this.#copyArray(value, depth)
    if (prototype === Map.prototype) return this.#copyMap(value as ReadonlyMap<unknown, unknown>, depth)
    if (prototype === Set.prototype) return this.#copySet(value as ReadonlySet<unknown>, depth)
    if (prototype === null) return this.#copyFields(value, Object.create(null) as object, depth)
    if (prototype === Date.prototype) return new Date((value as Date).getTime())
    const registered = this.#registry?.byPrototype(prototype)
    if (registered !== undefined && registered.encode === undefined && registered.decode === undefined)
      return this.#copyFields(value, Object.create(prototype) as object, depth)
    return this.#copyGenerally(value)
  }

  #copyFields(value: object, copy: object, depth: number): object {
    const to = copy as Record<string, unknown>
    for (const key of Object.keys(value)) {
      const field = this.#copy((value as Readonly<Record<string, unknown>>)[key], depth)
      // Assigning to `__proto__` would set the prototype, and a setter of a class must not run.
      if (key in to)
        Object.defineProperty(to, key, { value: field, writable: true, enumerable: true, configurable: true })
      else to[key] = field
    }
    return copy
  }

  #copyArray(value: readonly unknown[], depth: number): unknown {
    const { length } = value
    const copy: unknown[] = []
    for (let i = 0; i < length; i++) {
      const item = value[i]
      if (item === undefined && !Object.hasOwn(value, i)) return this.#copyGenerally(value)
      copy.push(this.#copy(item, depth))
    }
    return copy
  }

  #copyMap(value: ReadonlyMap<unknown, unknown>, depth: number): Map<unknown, unknown> {
    const copy = new Map<unknown, unknown>()
    for (const [key, item] of value) copy.set(this.#copy(key, depth), this.#copy(item, depth))
    return copy
  }

  #copySet(value: ReadonlySet<unknown>, depth: number): Set<unknown> {
    const copy = new Set<unknown>()
    for (const item of value) copy.add(this.#copy(item, depth))
    return copy
  }

  /** What is rare, and what is refused. What the decoder answers holds no reference to the bytes. */
  #copyGenerally(value: unknown): unknown {
    if (!this.#keepsForeign) return this.#decoder.decode(this.#encoder.encode(value))
    try {
      return this.#decoder.decode(this.#encoder.encode(value))
    } catch {
      return value
    }
  }
}
