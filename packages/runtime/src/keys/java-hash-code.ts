// Java's hashCode of the values that JavaScript shares with Java, as signed 32-bit integers.

const double = new Float64Array(1)
const halves = new Int32Array(double.buffer)

/** `String.hashCode`: over UTF-16 code units, which both languages count alike. */
export function stringHashCode(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
  return hash
}

/** `Boolean.hashCode`. */
export function booleanHashCode(value: boolean): number {
  return value ? 1231 : 1237
}

/** `Long.hashCode` of a safe integer. */
export function longHashCode(value: number): number {
  // Conversion to 32 bits is modulo 2^32, so both halves come out as in two's complement.
  return (value | 0) ^ (Math.floor(value / 4294967296) | 0)
}

/** `Long.hashCode` of a bigint within 64 bits. */
export function bigintHashCode(value: bigint): number {
  return Number(BigInt.asIntN(32, value ^ (value >> 32n)))
}

/** `Double.hashCode`. */
export function doubleHashCode(value: number): number {
  double[0] = value
  return halves[0]! ^ halves[1]!
}

/** A number as Flink would have it typed: within int32 an Integer, else a Long while it is a safe integer, else a Double. */
export function numberHashCode(value: number): number {
  // -0 is an int32 by this test, and becomes 0.
  if ((value | 0) === value) return value | 0
  return Number.isSafeInteger(value) ? longHashCode(value) : doubleHashCode(value)
}
