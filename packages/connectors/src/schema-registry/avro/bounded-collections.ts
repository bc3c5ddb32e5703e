import avsc from 'avsc'

/** The part of the package's inner reader that collections need. Its version is pinned. */
interface Tap {
  readonly buf: Buffer
  pos: number
  readLong(): number
  skipLong(): void
  readString(): string
}

interface Reader {
  _read(tap: Tap): unknown
}

/** Items that take no bytes (null, records without fields) come in no greater number. */
const emptyItemsMax = 65_536

/**
 * Arrays whose count was checked: the package takes what damaged bytes say at its word, and fills all memory with items from
 * behind their end.
 */
export class BoundedArrayType extends avsc.types.ArrayType {
  /** `this` may be a resolver, with items of its own. */
  _read(this: { readonly itemsType: unknown }, tap: Tap): readonly unknown[] {
    const items = this.itemsType as Reader
    const values: unknown[] = []
    for (let count = blockCount(tap); count > 0; count = blockCount(tap)) {
      for (let i = 0; i < count; i++) values.push(items._read(tap))
    }
    return values
  }
}

/** Maps likewise. Their keys are fields of plain objects, whatever they are called. */
export class BoundedMapType extends avsc.types.MapType {
  _read(this: { readonly valuesType: unknown }, tap: Tap): Readonly<Record<string, unknown>> {
    const items = this.valuesType as Reader
    const values: Record<string, unknown> = {}
    for (let count = blockCount(tap); count > 0; count = blockCount(tap)) {
      for (let i = 0; i < count; i++) {
        const key = tap.readString()
        const value = items._read(tap)
        if (key === '__proto__') {
          Object.defineProperty(values, key, { value, enumerable: true, configurable: true, writable: true })
        } else {
          values[key] = value
        }
      }
    }
    return values
  }
}

/** Of the next block; 0 ends a collection. */
function blockCount(tap: Tap): number {
  let count = tap.readLong()
  if (count < 0) {
    count = -count
    tap.skipLong() // The block's size in bytes.
  }
  const left = tap.buf.length - tap.pos
  if (left < 0 || count > Math.max(left, emptyItemsMax)) {
    throw new Error(`a block of ${count} items, where ${Math.max(left, 0)} bytes are left`)
  }
  return count
}
