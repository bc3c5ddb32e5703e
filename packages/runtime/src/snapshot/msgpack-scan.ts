/** What is wrong with bytes that should be one plain value. */
export interface MsgpackFault {
  readonly offset: number
  readonly what: string
}

/** Keys that would reach into an object's prototype. */
const refusedKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])
const depthMax = 32

/**
 * Looks through a msgpack value without making anything of it, so that its decoder can be handed only plain data of a
 * size that the bytes account for: maps with texts as keys, arrays, texts, bytes, numbers, booleans, null. Extensions are
 * refused, since a decoder may give them any meaning; so are the keys `__proto__` and `constructor`.
 */
export function findMsgpackFault(bytes: Uint8Array): MsgpackFault | undefined {
  try {
    const scan = new Scan(bytes)
    scan.value(0)
    return scan.at === bytes.length
      ? undefined
      : { offset: scan.at, what: `${bytes.length - scan.at} bytes are left over` }
  } catch (error) {
    if (error instanceof Fault) return { offset: error.offset, what: error.message }
    throw error
  }
}

/** By tag: how many bytes follow, or how many bytes the length of what follows has. */
const scalars: Readonly<Record<number, { readonly has: 'content' | 'length'; readonly byteCount: number }>> = {
  192: { has: 'content', byteCount: 0 }, // null
  194: { has: 'content', byteCount: 0 }, // false
  195: { has: 'content', byteCount: 0 }, // true
  196: { has: 'length', byteCount: 1 }, // bytes
  197: { has: 'length', byteCount: 2 },
  198: { has: 'length', byteCount: 4 },
  202: { has: 'content', byteCount: 4 }, // floats
  203: { has: 'content', byteCount: 8 },
  204: { has: 'content', byteCount: 1 }, // integers without sign
  205: { has: 'content', byteCount: 2 },
  206: { has: 'content', byteCount: 4 },
  207: { has: 'content', byteCount: 8 },
  208: { has: 'content', byteCount: 1 }, // integers with sign
  209: { has: 'content', byteCount: 2 },
  210: { has: 'content', byteCount: 4 },
  211: { has: 'content', byteCount: 8 },
  217: { has: 'length', byteCount: 1 }, // texts
  218: { has: 'length', byteCount: 2 },
  219: { has: 'length', byteCount: 4 },
}

class Fault extends Error {
  readonly offset: number

  constructor(offset: number, what: string) {
    super(what)
    this.offset = offset
  }
}

class Scan {
  at = 0
  readonly #bytes: Buffer

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  value(depth: number): void {
    if (depth > depthMax) throw new Fault(this.at, `more than ${depthMax} levels`)
    const start = this.at
    const tag = this.#number(1)
    // Small integers are their own tag.
    if (tag < 0x80 || tag >= 0xe0) return
    if (tag < 0x90) this.#map(tag & 15, depth)
    else if (tag < 0xa0) this.#array(tag & 15, depth)
    else if (tag < 0xc0) this.#skip(tag & 31)
    else if (tag === 0xdc || tag === 0xdd) this.#array(this.#number(tag === 0xdc ? 2 : 4), depth)
    else if (tag === 0xde || tag === 0xdf) this.#map(this.#number(tag === 0xde ? 2 : 4), depth)
    else {
      const scalar = scalars[tag]
      if (scalar === undefined)
        throw new Fault(start, `a value of the type 0x${tag.toString(16)}, which has no place here`)
      this.#skip(scalar.has === 'content' ? scalar.byteCount : this.#number(scalar.byteCount))
    }
  }

  #array(length: number, depth: number): void {
    this.#need(length)
    for (let i = 0; i < length; i++) this.value(depth + 1)
  }

  #map(size: number, depth: number): void {
    this.#need(size * 2)
    for (let i = 0; i < size; i++) {
      const start = this.at
      const key = this.#text()
      if (key === undefined || refusedKeys.has(key)) {
        throw new Fault(
          start,
          key === undefined ? 'a key that is no text' : `the key "${key}", which has no place here`,
        )
      }
      this.value(depth + 1)
    }
  }

  #text(): string | undefined {
    const tag = this.#number(1)
    let length: number
    if (tag >= 0xa0 && tag < 0xc0) length = tag & 31
    else if (tag >= 0xd9 && tag <= 0xdb) length = this.#number(1 << (tag - 0xd9))
    else return undefined
    const from = this.at
    this.#skip(length)
    return this.#bytes.toString('utf8', from, this.at)
  }

  #number(byteCount: number): number {
    this.#need(byteCount)
    const value = this.#bytes.readUIntBE(this.at, byteCount)
    this.at += byteCount
    return value
  }

  #skip(byteCount: number): void {
    this.#need(byteCount)
    this.at += byteCount
  }

  /** Each element takes a byte at least. */
  #need(byteCount: number): void {
    if (byteCount > this.#bytes.length - this.at) {
      throw new Fault(this.at, `${byteCount} bytes wanted, ${this.#bytes.length - this.at} left`)
    }
  }
}
