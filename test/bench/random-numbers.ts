// The workloads' random numbers: a function of the record's number and a salt, the same in every engine.

const letters = 'abcdefghijklmnopqrstuvwxyz'

/** Mixes 32 bits: the finalizer of murmur3. */
export function mix(i: number, salt: number): number {
  let h = (i + Math.imul(salt, 0x9e3779b9)) | 0
  h ^= h >>> 16
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** An integer in `0 .. bound - 1`. */
export function below(i: number, salt: number, bound: number): number {
  return (mix(i, salt) >>> 1) % bound
}

const payloads: readonly string[] = Array.from({ length: 64 }, (_, p) =>
  Array.from({ length: 20 }, (_, j) => letters[below(p * 20 + j, 4, 26)]!).join(''),
)

/** 20 characters. */
export function payload(i: number): string {
  return payloads[below(i, 3, 64)]!
}
