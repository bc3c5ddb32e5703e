const depthMax = 4
const entriesMax = 16

/** Collects text up to a bound. */
class PreviewText {
  text = ''
  readonly charsMax: number

  constructor(charsMax: number) {
    this.charsMax = charsMax
  }

  get full(): boolean {
    return this.text.length > this.charsMax
  }

  /** Looks at no more of `piece` than can be shown. */
  add(piece: string): void {
    if (!this.full) this.text += piece.slice(0, this.charsMax + 1)
  }
}

/**
 * A description of any value, on one line and of at most `maxChars` characters, for messages. It runs no code of the
 * value (no getters, no `toString`, no `toJSON`) and never throws.
 */
export function previewRecord(value: unknown, maxChars = 120): string {
  const out = new PreviewText(maxChars)
  try {
    describe(value, out, 0)
  } catch {
    out.add('<unreadable>')
  }
  return out.full ? `${out.text.slice(0, Math.max(0, maxChars - 1))}…` : out.text
}

function describe(value: unknown, out: PreviewText, depth: number): void {
  if (out.full) return
  switch (typeof value) {
    case 'string':
      out.add(JSON.stringify(value.slice(0, out.charsMax + 1)))
      return
    case 'number':
      out.add(Object.is(value, -0) ? '-0' : String(value))
      return
    case 'bigint':
      out.add(describeBigInt(value))
      return
    case 'symbol':
      out.add(Symbol.prototype.toString.call(value))
      return
    case 'function':
      out.add(`function ${ownString(value, 'name') || '(anonymous)'}`)
      return
    case 'object':
      if (value !== null) {
        describeObject(value, out, depth)
        return
      }
  }
  out.add(String(value))
}

/** The digits of a huge bigint take quadratic time, so only its size is shown. */
function describeBigInt(value: bigint): string {
  const bits = BigInt.asIntN(1024, value) === value
  return bits ? `${value}n` : 'a bigint of more than 1024 bits'
}

function describeObject(value: object, out: PreviewText, depth: number): void {
  if (value instanceof Date) {
    const time = Date.prototype.getTime.call(value)
    out.add(Number.isNaN(time) ? 'Date(invalid)' : `Date(${new Date(time).toISOString()})`)
    return
  }
  if (ArrayBuffer.isView(value)) {
    out.add(`${constructorName(value)}(${value.byteLength} bytes)`)
    return
  }
  if (value instanceof Error) {
    out.add(`${constructorName(value)}(${JSON.stringify(ownString(value, 'message'))})`)
    return
  }
  if (depth >= depthMax) {
    out.add(Array.isArray(value) ? '[…]' : '{…}')
    return
  }
  if (Array.isArray(value)) {
    describeArray(value, out, depth)
    return
  }
  if (value instanceof Map) {
    const entries = Array.from(firstOf(Map.prototype.entries.call(value), entriesMax))
    out.add(`Map(${value.size}) {`)
    entries.forEach(([key, item], i) => {
      out.add(i > 0 ? ', ' : '')
      describe(key, out, depth + 1)
      out.add(' => ')
      describe(item, out, depth + 1)
    })
    out.add(value.size > entries.length ? ', …}' : '}')
    return
  }
  if (value instanceof Set) {
    const items = Array.from(firstOf(Set.prototype.values.call(value), entriesMax))
    out.add(`Set(${value.size}) {`)
    items.forEach((item, i) => {
      out.add(i > 0 ? ', ' : '')
      describe(item, out, depth + 1)
    })
    out.add(value.size > items.length ? ', …}' : '}')
    return
  }
  const name = constructorName(value)
  if (name !== 'Object') out.add(`${name} `)
  describeFields(value, out, depth)
}

function describeArray(value: readonly unknown[], out: PreviewText, depth: number): void {
  out.add('[')
  for (let i = 0; i < value.length && i < entriesMax && !out.full; i++) {
    out.add(i > 0 ? ', ' : '')
    const descriptor = Object.getOwnPropertyDescriptor(value, i)
    if (descriptor === undefined) out.add('<hole>')
    else describeField(descriptor, out, depth)
  }
  out.add(value.length > entriesMax ? `, … ${value.length} in all]` : ']')
}

function describeFields(value: object, out: PreviewText, depth: number): void {
  const keys = Object.keys(value)
  out.add('{')
  for (let i = 0; i < keys.length && i < entriesMax && !out.full; i++) {
    const key = keys[i]!
    out.add(i > 0 ? ', ' : '')
    out.add(`${/^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key)}: `)
    const descriptor = Object.getOwnPropertyDescriptor(value, key)
    if (descriptor !== undefined) describeField(descriptor, out, depth)
  }
  out.add(keys.length > entriesMax ? ', …}' : '}')
}

function describeField(descriptor: PropertyDescriptor, out: PreviewText, depth: number): void {
  if ('value' in descriptor) describe(descriptor.value, out, depth + 1)
  else out.add('<getter>')
}

/** The name of the nearest constructor on the way up, without running a getter. */
export function constructorName(value: object): string {
  let prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === null) return 'null-prototype object'
  for (let steps = 0; typeof prototype === 'object' && prototype !== null && steps < 16; steps++) {
    const made: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value
    if (typeof made === 'function') return ownString(made, 'name') || '(anonymous class)'
    prototype = Object.getPrototypeOf(prototype)
  }
  return 'Object'
}

function ownString(value: object, key: string): string {
  const found: unknown = Object.getOwnPropertyDescriptor(value, key)?.value
  return typeof found === 'string' ? found : ''
}

function* firstOf<T>(items: Iterable<T>, count: number): Iterable<T> {
  let left = count
  for (const item of items) {
    if (left-- <= 0) return
    yield item
  }
}
