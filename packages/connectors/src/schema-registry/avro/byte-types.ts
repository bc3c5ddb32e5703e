import avsc from 'avsc'
import { decimalBytes, decimalText } from './decimal.ts'

/** What goes into and comes out of Avro's `bytes` and `fixed`. `Value` is what records have. */
abstract class ByteType<Value> extends avsc.types.LogicalType {
  /** `bytes` share the memory of the record. */
  protected abstract override _fromValue(bytes: Buffer): Value
  /** Undefined if it does not fit. */
  protected abstract override _toValue(value: unknown): Buffer | undefined

  /** How to make a value of this type from one of the writer's. Undefined if there is no way. */
  protected override _resolve(writer: avsc.Type): ((value: unknown) => Value) | undefined {
    // Whether names and sizes agree is for the types underneath to say.
    const underlying = writer instanceof ByteType ? writer.underlyingType : writer
    this.underlyingType.createResolver(underlying, { ignoreNamespaces: true })
    if (writer instanceof ByteType) return (value) => this._fromValue(writer._toValue(value)!)
    // Text may be read as bytes.
    return (value) => this._fromValue(Buffer.from(value as string))
  }
}

/** Not Buffers: their class would be lost on the way to the next subtask. */
export class PlainBytes extends ByteType<Uint8Array> {
  protected override _fromValue(bytes: Buffer): Uint8Array {
    return new Uint8Array(bytes)
  }

  protected override _toValue(value: unknown): Buffer | undefined {
    if (!(value instanceof Uint8Array)) return undefined
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  }
}

/** The logical type `decimal`, as text: `"12.30"`. */
export class Decimal extends ByteType<string> {
  readonly #precision: number
  readonly #scale: number
  /** Undefined for bytes, which are as many as are needed. */
  readonly #size: number | undefined

  constructor(schema: DecimalSchema, options: Partial<avsc.ForSchemaOptions>) {
    super(schema as avsc.Schema, options)
    this.#precision = schema.precision
    this.#scale = schema.scale ?? 0
    this.#size = schema.size
  }

  protected override _fromValue(bytes: Buffer): string {
    return decimalText(bytes, this.#scale)
  }

  protected override _toValue(value: unknown): Buffer | undefined {
    if (typeof value !== 'string') return undefined
    return decimalBytes(value, { precision: this.#precision, scale: this.#scale, size: this.#size })
  }
}

export interface DecimalSchema {
  readonly type: 'bytes' | 'fixed'
  readonly logicalType: 'decimal'
  readonly precision: number
  readonly scale?: number
  readonly size?: number
}

/** Whether `schema` is a decimal as the specification has it. Others are to be read as what is underneath. */
export function isDecimal(schema: object): schema is DecimalSchema {
  const { logicalType, precision, scale = 0 } = schema as Partial<Readonly<Record<string, unknown>>>
  if (logicalType !== 'decimal' || !Number.isInteger(precision) || !Number.isInteger(scale)) return false
  return (precision as number) > 0 && (scale as number) >= 0 && (scale as number) <= (precision as number)
}
