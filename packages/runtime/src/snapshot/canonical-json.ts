/** An instance of a registered class, without the class: its name and its plain value. */
export class UnregisteredInstance {
  readonly typeName: string
  readonly plain: unknown

  constructor(typeName: string, plain: unknown) {
    this.typeName = typeName
    this.plain = plain
  }
}

/**
 * One JSON text for each value that may be in a state, without spaces: equal values have equal texts, and
 * different ones different texts. Properties of objects come sorted. What JSON lacks is an object whose first
 * property starts with `$`, as docs/savepoint-format.md lists them; an object of the user's that could be taken for one is
 * wrapped.
 */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'boolean':
      return String(value)
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? String(value) : tagged('number', numberText(value))
    case 'bigint':
      return tagged('bigint', JSON.stringify(String(value)))
    case 'undefined':
      return tagged('undefined', 'true')
    default:
      return value === null ? 'null' : objectJson(value as object)
  }
}

function objectJson(value: object): string {
  if (Array.isArray(value)) return arrayJson(value)
  if (value instanceof Date) {
    return tagged('date', Number.isNaN(value.getTime()) ? 'null' : JSON.stringify(value.toISOString()))
  }
  if (value instanceof Map) return tagged('map', listJson([...value].map(pairJson)))
  if (value instanceof Set) return tagged('set', listJson([...value].map(canonicalJson)))
  if (value instanceof UnregisteredInstance) {
    return `{"$type":${JSON.stringify(value.typeName)},"value":${canonicalJson(value.plain)}}`
  }
  if (value instanceof ArrayBuffer) return tagged('arrayBuffer', base64(new Uint8Array(value)))
  if (ArrayBuffer.isView(value)) return viewJson(value)
  const fields = fieldsJson(value)
  if (Object.getPrototypeOf(value) === null) return tagged('nullPrototypeObject', fields)
  return Object.keys(value).some((name) => name.startsWith('$')) ? tagged('object', fields) : fields
}

/** A map entry. */
export function pairJson([key, value]: readonly [unknown, unknown]): string {
  return `[${canonicalJson(key)},${canonicalJson(value)}]`
}

function arrayJson(value: readonly unknown[]): string {
  const indexes = Object.keys(value)
  if (indexes.length === value.length) return listJson(value.map(canonicalJson))
  // Some elements are absent, which is not the same as undefined.
  const present = indexes.map((index) => `[${index},${canonicalJson(value[Number(index)])}]`)
  return `{"$array":${value.length},"items":${listJson(present)}}`
}

function viewJson(value: ArrayBufferView): string {
  const bytes = base64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
  const name = Object.prototype.toString.call(value).slice(8, -1)
  if (Buffer.isBuffer(value)) return tagged('buffer', bytes)
  return name === 'Uint8Array' ? tagged('bytes', bytes) : `{"$view":${JSON.stringify(name)},"bytes":${bytes}}`
}

function fieldsJson(value: object): string {
  const fields = value as Readonly<Record<string, unknown>>
  const names = Object.keys(fields).sort()
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonicalJson(fields[name])}`).join(',')}}`
}

function listJson(texts: readonly string[]): string {
  return `[${texts.join(',')}]`
}

function tagged(name: string, json: string): string {
  return `{"$${name}":${json}}`
}

function numberText(value: number): string {
  return Object.is(value, -0) ? '"-0"' : `"${value}"`
}

function base64(bytes: Uint8Array): string {
  return `"${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')}"`
}
