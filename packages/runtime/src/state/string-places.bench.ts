// Run by `node string-places.bench.ts`: nanoseconds to find one of so many texts and to count up its place, in between of work
// that needs the processor's caches as well.
import { StringPlaces } from './string-places.ts'

const lookUps = 2_000_000
/** 16 MB: more than what a processor keeps near. */
const others = new Float64Array(1 << 21)
const othersPerLookUp = 4

interface Counts {
  count(key: string): number
}

class InObjects implements Counts {
  readonly #places = new StringPlaces<{ value: number }>()

  count(key: string): number {
    const place = this.#places.find(key)
    if (place === undefined) {
      this.#places.put(key, { value: 1 })
      return 1
    }
    return ++place.value
  }
}

class AsTheyAre implements Counts {
  readonly #places = new StringPlaces<number>()

  count(key: string): number {
    const next = (this.#places.find(key) ?? 0) + 1
    if (!this.#places.replaceFound(key, next)) this.#places.put(key, next)
    return next
  }
}

class InMap implements Counts {
  readonly #places = new Map<string, { value: number }>()

  count(key: string): number {
    const place = this.#places.get(key)
    if (place === undefined) {
      this.#places.set(key, { value: 1 })
      return 1
    }
    return ++place.value
  }
}

function measure(name: string, counts: Counts, keyCount: number): void {
  const bytes = Buffer.alloc(keyCount * 16)
  for (let i = 0; i < keyCount; i++) bytes.write(`user-${i}`.padEnd(16), i * 16, 'latin1')
  let random = 1
  let sum = 0
  const run = (what: (key: string) => number): number => {
    const start = performance.now()
    for (let i = 0; i < lookUps; i++) {
      for (let j = 0; j < othersPerLookUp; j++) {
        random = (Math.imul(random, 1_103_515_245) + 12_345) | 0
        sum += others[random >>> 11]!
      }
      const at = ((random >>> 1) % keyCount) * 16
      sum += what(bytes.toString('latin1', at, at + 16))
    }
    return ((performance.now() - start) * 1e6) / lookUps
  }
  const nothing = (key: string): number => key.length
  const count = (key: string): number => counts.count(key)
  for (let round = 0; round < 2; round++) [run(nothing), run(count)]
  const ns = run(count) - run(nothing)
  console.log(`${name}, ${keyCount} keys: ${ns.toFixed(0)} ns${sum === 0 ? ' ' : ''}`)
}

for (const keyCount of [1_000, 50_000, 1_000_000]) {
  measure('in a Map', new InMap(), keyCount)
  measure('in objects', new InObjects(), keyCount)
  measure('as they are', new AsTheyAre(), keyCount)
}
