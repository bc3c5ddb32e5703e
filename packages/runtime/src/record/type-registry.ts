import { RecordError } from './record-error.ts'
import { typedArrayNumber } from './value-tag.ts'

/** How instances of a class travel. Both functions are pure. */
export interface TypeRegistration<I extends object> {
  /** Unique in the job, and stored with the data: it must outlive renamings of the class. */
  readonly name: string
  /** The instance as a plain value (or one of other registered types). Omit: its own enumerable fields. */
  readonly encode?: (instance: I) => unknown
  /** The way back. Omit: the prototype is restored and the fields assigned, without a call of the constructor. */
  readonly decode?: (plain: unknown) => I
}

/** A class; abstract ones and those with private constructors too. */
// biome-ignore lint/complexity/noBannedTypes: a class with a private constructor matches no construct signature.
export type ClassConstructor<I extends object> = Function & { readonly prototype: I }

export interface RegisteredType {
  readonly name: string
  readonly prototype: object
  readonly encode: ((instance: object) => unknown) | undefined
  readonly decode: ((plain: unknown) => object) | undefined
}

/** Classes whose contents are not in their fields, so that copying the fields would lose them. */
const opaqueClasses = [Map, Set, WeakMap, WeakSet, Date, RegExp, Error, Promise, ArrayBuffer, DataView, Array] as const

/**
 * The classes whose instances may leave their thread. Every thread builds the same registry, since it runs the same job
 * module.
 */
export class TypeRegistry {
  readonly #byName = new Map<string, RegisteredType>()
  readonly #byPrototype = new Map<object, RegisteredType>()

  /** Throws RecordError INVALID_TYPE if name or class is taken, or if the class needs `encode` and `decode`. */
  register<I extends object>(classConstructor: ClassConstructor<I>, registration: TypeRegistration<I>): void {
    const { name } = registration
    const prototype: object = classConstructor.prototype
    const refuse = (why: string): RecordError =>
      new RecordError('INVALID_TYPE', `Cannot register class ${classConstructor.name} as "${name}": ${why}`, { name })
    if (typeof name !== 'string' || name === '') throw refuse('the name must be a string that is not empty')
    if (typeof prototype !== 'object' || prototype === null) throw refuse('it is not a class')
    if (isBuiltIn(prototype)) throw refuse('this built-in type already travels as it is')
    if (this.#byName.has(name)) throw refuse('another class has this name; choose a different one')
    if (this.#byPrototype.has(prototype)) throw refuse('the class is registered already, register it once')
    const isOpaque = opaqueClasses.some((opaque) => isA(prototype, opaque.prototype)) || isView(prototype)
    if (isOpaque && (registration.encode === undefined || registration.decode === undefined)) {
      throw refuse('what it holds is not in its fields, so it needs both `encode` and `decode`')
    }
    const type: RegisteredType = {
      name,
      prototype,
      encode: registration.encode as RegisteredType['encode'],
      decode: registration.decode,
    }
    this.#byName.set(name, type)
    this.#byPrototype.set(prototype, type)
  }

  byPrototype(prototype: object): RegisteredType | undefined {
    return this.#byPrototype.get(prototype)
  }

  byName(name: string): RegisteredType | undefined {
    return this.#byName.get(name)
  }
}

const builtIn = new Set<object>([
  Object.prototype,
  Array.prototype,
  Map.prototype,
  Set.prototype,
  Date.prototype,
  ArrayBuffer.prototype,
  DataView.prototype,
  Buffer.prototype,
])

function isBuiltIn(prototype: object): boolean {
  return builtIn.has(prototype) || typedArrayNumber(prototype) !== undefined
}

function isA(prototype: object, of: object): boolean {
  return prototype === of || Object.prototype.isPrototypeOf.call(of, prototype)
}

function isView(prototype: object): boolean {
  return isA(prototype, Object.getPrototypeOf(Uint8Array.prototype))
}
