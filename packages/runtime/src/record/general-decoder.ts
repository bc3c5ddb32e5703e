import { ByteReader } from './byte-reader.ts'
import { recordDepthMax } from './general-encoder.ts'
import { corrupt, RecordError } from './record-error.ts'
import type { TypeRegistry } from './type-registry.ts'
import { typedArrayConstructor, ValueTag } from './value-tag.ts'

/** The longest array there can be. */
const arrayLengthMax = 2 ** 32 - 1

/** The names of plain objects that were written once. */
interface ObjectShape {
  readonly names: readonly string[]
  /** None comes twice, or is one that objects inherit. */
  readonly areOwn: boolean
}

/** Reads what a `GeneralEncoder` with the same registry wrote. What it answers holds no reference to the bytes. */
export class GeneralDecoder {
  readonly #own = new ByteReader()
  /** What is read from now. */
  #in: ByteReader = this.#own
  readonly #registry: TypeRegistry | undefined
  readonly #unregistered: ((name: string, plain: unknown) => unknown) | undefined
  #depth = 0
  /** Those that came before; undefined where there can be none. */
  #shapes: ObjectShape[] | undefined
  /** The text that values may refer to. */
  entryKey: string | undefined

  /** `unregistered` makes a value of instances whose type is not registered here, in place of an error. */
  constructor(registry?: TypeRegistry, unregistered?: (name: string, plain: unknown) => unknown) {
    this.#registry = registry
    this.#unregistered = unregistered
  }

  /** Throws RecordError CORRUPT_DATA unless `bytes` from `start` to `end` are exactly one value. */
  decode(bytes: Uint8Array, start = 0, end: number = bytes.length): unknown {
    const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#in = this.#own
    this.#shapes = undefined
    this.entryKey = undefined
    this.#in.start(buffer, start, end)
    this.#depth = 0
    const value = this.#value(this.#in.byte())
    if (this.#in.remaining !== 0) throw corrupt(`${this.#in.remaining} bytes are left over`)
    return value
  }

  /** The value at which `input` stands; afterwards it stands behind it. Throws RecordError CORRUPT_DATA. */
  decodeFrom(input: ByteReader): unknown {
    this.#in = input
    this.#depth = 0
    return this.#value(input.byte())
  }

  /** What `decodeFrom` reads from now on may have shapes; none has come yet. */
  startShapes(): void {
    this.#shapes = []
  }

  #value(tag: number): unknown {
    const input = this.#in
    switch (tag) {
      case ValueTag.null:
        return null
      case ValueTag.undefined:
        return undefined
      case ValueTag.false:
        return false
      case ValueTag.true:
        return true
      case ValueTag.int32:
        return input.int32()
      case ValueTag.int8:
        return input.int8()
      case ValueTag.int16:
        return input.int16()
      case ValueTag.float64:
        return input.float64()
      case ValueTag.int64:
        return input.int64()
      case ValueTag.bigint:
        return this.#bigint()
      case ValueTag.string:
        return input.string()
      case ValueTag.date:
        return new Date(input.float64())
      case ValueTag.arrayBuffer:
        return input.bytes(input.count()).buffer
      case ValueTag.dataView:
        return new DataView(input.bytes(input.count()).buffer)
      case ValueTag.buffer:
        return Buffer.from(input.bytes(input.count()).buffer)
      case ValueTag.typedArray:
        return this.#typedArray()
      case ValueTag.entryKey:
        if (this.entryKey === undefined) throw corrupt('a key that is no text, or not there, is referred to')
        return this.entryKey
    }
    if (++this.#depth > recordDepthMax) throw corrupt(`more than ${recordDepthMax} levels`)
    const value = this.#composite(tag)
    this.#depth--
    return value
  }

  #composite(tag: number): unknown {
    switch (tag) {
      case ValueTag.array:
        return this.#array()
      case ValueTag.object:
        return this.#fields({})
      case ValueTag.shaped:
        return this.#shaped(this.#knownShape())
      case ValueTag.shape:
        return this.#shaped(this.#newShape())
      case ValueTag.nullPrototypeObject:
        return this.#fields(Object.create(null) as object)
      case ValueTag.map:
        return this.#map()
      case ValueTag.set:
        return this.#set()
      case ValueTag.registered:
        return this.#registered()
      default:
        throw corrupt(`unknown tag ${tag}`)
    }
  }

  #bigint(): bigint {
    const negative = this.#in.byte() === 1
    const digits = this.#in.string()
    if (!/^[0-9a-f]+$/.test(digits)) throw corrupt('a bigint without digits')
    const magnitude = BigInt(`0x${digits}`)
    return negative ? -magnitude : magnitude
  }

  #typedArray(): ArrayBufferView {
    const number = this.#in.byte()
    const made = typedArrayConstructor(number)
    if (made === undefined) throw corrupt(`this Node has no typed array number ${number}`)
    const bytes = this.#in.bytes(this.#in.count())
    try {
      return new made(bytes.buffer)
    } catch (cause) {
      throw new RecordError('CORRUPT_DATA', 'Cannot decode a record: half an element of a typed array', {}, { cause })
    }
  }

  #array(): unknown[] {
    const length = this.#in.count()
    if (length > arrayLengthMax) throw corrupt(`an array of length ${length}`)
    const array: unknown[] = []
    let i = 0
    while (i < length) {
      const tag = this.#in.byte()
      if (tag === ValueTag.holes) {
        i += this.#in.count()
        if (i > length) throw corrupt('more holes than the array is long')
        array.length = i
      } else {
        array[i++] = this.#value(tag)
      }
    }
    return array
  }

  #fields<O extends object>(target: O): O {
    const fields = target as Record<string, unknown>
    const count = this.#in.countOf(2)
    for (let i = 0; i < count; i++) {
      const key = this.#in.name()
      const value = this.#value(this.#in.byte())
      setField(fields, key, value)
    }
    return target
  }

  #newShape(): ObjectShape {
    if (this.#shapes === undefined) throw corrupt('a shape where there can be none')
    const count = this.#in.countOf(2)
    const names: string[] = []
    for (let i = 0; i < count; i++) names.push(this.#in.name())
    const shape = { names, areOwn: new Set(names).size === count && !names.some((name) => name in {}) }
    this.#shapes.push(shape)
    return shape
  }

  #knownShape(): ObjectShape {
    const number = this.#in.count()
    const shape = this.#shapes?.[number]
    if (shape === undefined) throw corrupt(`shape ${number} did not come before`)
    return shape
  }

  #shaped({ names, areOwn }: ObjectShape): object {
    const fields: Record<string, unknown> = {}
    for (let i = 0; i < names.length; i++) {
      const value = this.#value(this.#in.byte())
      if (areOwn) fields[names[i]!] = value
      else setField(fields, names[i]!, value)
    }
    return fields
  }

  #map(): Map<unknown, unknown> {
    const map = new Map<unknown, unknown>()
    const count = this.#in.countOf(2)
    for (let i = 0; i < count; i++) {
      const key = this.#value(this.#in.byte())
      map.set(key, this.#value(this.#in.byte()))
    }
    return map
  }

  #set(): Set<unknown> {
    const set = new Set<unknown>()
    const count = this.#in.countOf(1)
    for (let i = 0; i < count; i++) set.add(this.#value(this.#in.byte()))
    return set
  }

  #registered(): unknown {
    const name = this.#in.string()
    const type = this.#registry?.byName(name)
    if (type === undefined) {
      if (this.#unregistered !== undefined) return this.#unregistered(name, this.#value(this.#in.byte()))
      const message = `Cannot decode a record: it holds an instance of the type "${name.slice(0, 80)}", which is not registered here`
      throw new RecordError('UNREGISTERED_CLASS', message, { type: name })
    }
    const tag = this.#in.byte()
    if (type.decode === undefined) {
      if (tag === ValueTag.object) return this.#fields(Object.create(type.prototype) as object)
      const plain = this.#value(tag)
      if (typeof plain !== 'object' || plain === null)
        throw corrupt(`"${name}" has no \`decode\`, and its plain value is no object`)
      return Object.assign(Object.create(type.prototype) as object, plain)
    }
    const plain = this.#value(tag)
    try {
      return type.decode(plain)
    } catch (cause) {
      const message = `Cannot decode a record: \`decode\` of the registered type "${name}" threw`
      throw new RecordError('REGISTERED_TYPE_FAILED', message, { type: name }, { cause })
    }
  }
}

/** Assigning to `__proto__` would set the prototype; a setter of a registered class must not run either. */
function setField(fields: Record<string, unknown>, key: string, value: unknown): void {
  if (key in fields) Object.defineProperty(fields, key, { value, writable: true, enumerable: true, configurable: true })
  else fields[key] = value
}
