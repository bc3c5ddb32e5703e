import { isDeepStrictEqual } from 'node:util'

/** Whether two values are the same in every way that the codecs promise to keep. */
export function isExactCopy(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return Object.is(a, b)
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false
  if (a instanceof Date) return Object.is(a.getTime(), (b as Date).getTime())
  if (ArrayBuffer.isView(a)) {
    const view = b as ArrayBufferView
    return Buffer.compare(bytesOf(a), bytesOf(view)) === 0 && !(view.buffer instanceof SharedArrayBuffer)
  }
  if (a instanceof ArrayBuffer) return isDeepStrictEqual(a, b)
  if (a instanceof Map) return isExactCopy([...a].flat(1), [...(b as Map<unknown, unknown>)].flat(1))
  if (a instanceof Set) return isExactCopy([...a], [...(b as Set<unknown>)])
  if (Array.isArray(a) && a.length !== (b as unknown[]).length) return false
  const keys = Object.keys(a)
  const others = Object.keys(b)
  if (keys.length !== others.length) return false
  return keys.every((key, i) => {
    if (key !== others[i]) return false
    const x = Object.getOwnPropertyDescriptor(a, key)?.value
    const y = Object.getOwnPropertyDescriptor(b, key)?.value
    return isExactCopy(x, y)
  })
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
}
