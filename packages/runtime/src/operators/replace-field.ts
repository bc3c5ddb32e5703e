/** Answers a copy of `record` in which one field has another value. */
export type ReplaceField = (record: never, value: unknown) => unknown

const SHAPES_MAX = 8
const FIELDS_MAX = 64

/**
 * Makes copying functions for the records of one operator, one for each shape: a generated literal, so that copies have
 * the hidden class of the user's own literals. What is no plain flat shape is copied generally, with its prototype.
 */
export class FieldReplacers {
  readonly #field: string | number
  readonly #byShape = new Map<string, ReplaceField>()

  constructor(field: string | number) {
    this.#field = field
  }

  /** The function for records of the shape of `record`, which must have the field. */
  for(record: unknown): ReplaceField {
    const shape = shapeOf(record)
    if (shape === undefined) return this.#general
    let replace = this.#byShape.get(shape)
    if (replace === undefined) {
      replace = this.#byShape.size < SHAPES_MAX ? this.#generate(record as object) : this.#general
      if (replace !== this.#general) this.#byShape.set(shape, replace)
    }
    return replace
  }

  readonly #general: ReplaceField = (record: object, value: unknown) => {
    if (Array.isArray(record)) return record.with(Number(this.#field), value)
    const copy = { ...record, [this.#field]: value }
    const prototype: unknown = Object.getPrototypeOf(record)
    return prototype === Object.prototype ? copy : Object.setPrototypeOf(copy, prototype as object | null)
  }

  #generate(record: object): ReplaceField {
    const names = Object.keys(record)
    const values = names.map((name) => (name === String(this.#field) ? 'value' : `record[${JSON.stringify(name)}]`))
    const literal = Array.isArray(record)
      ? `[${values.join(', ')}]`
      : `{ ${names.map((name, i) => `${JSON.stringify(name)}: ${values[i]}`).join(', ')} }`
    return new Function('record', 'value', `return ${literal}`) as ReplaceField
  }
}

/** Tells records that one literal can copy from others; undefined if none can. */
function shapeOf(record: unknown): string | undefined {
  if (typeof record !== 'object' || record === null) return undefined
  const prototype: unknown = Object.getPrototypeOf(record)
  if (prototype !== Object.prototype && prototype !== Array.prototype) return undefined
  const names = Object.keys(record)
  if (names.length > FIELDS_MAX || names.includes('__proto__')) return undefined
  if (Array.isArray(record)) return names.length === record.length ? `[${names.length}]` : undefined
  return JSON.stringify(names)
}
