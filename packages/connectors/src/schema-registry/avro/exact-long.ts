import avsc from 'avsc'

/**
 * Avro's `long`: numbers as long as they are exact, bigints beyond. The package's own reads and writes negative ones below
 * -2^52 with the wrong sign.
 */
export const exactLong: avsc.Type = avsc.types.LongType.__with(
  {
    fromBuffer: fromVarint,
    toBuffer: toVarint,
    isValid: (value: unknown) =>
      Number.isSafeInteger(value) || (typeof value === 'bigint' && value === BigInt.asIntN(64, value)),
    // Only for the defaults of fields.
    fromJSON: (value: number) => value,
    toJSON: (value: number) => value,
    compare: (a: number | bigint, b: number | bigint) => (a < b ? -1 : a > b ? 1 : 0),
  },
  // Bytes as they are in the record, not as eight.
  true,
)

/** Seven groups of seven bits are exact as a number. */
const groupsOfNumberMax = 7
const groupsMax = 10

function fromVarint(bytes: Uint8Array): number | bigint {
  if (bytes.length > groupsMax) throw new Error('a long of more than 10 bytes')
  if (bytes.length > groupsOfNumberMax) return fromLongVarint(bytes)
  let zigzag = 0
  for (let i = bytes.length - 1; i >= 0; i--) zigzag = zigzag * 128 + (bytes[i]! & 0x7f)
  return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2
}

function fromLongVarint(bytes: Uint8Array): number | bigint {
  let zigzag = 0n
  for (let i = bytes.length - 1; i >= 0; i--) zigzag = (zigzag << 7n) | BigInt(bytes[i]! & 0x7f)
  const value = BigInt.asIntN(64, (zigzag >> 1n) ^ -(zigzag & 1n))
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

function toVarint(value: number | bigint): Buffer {
  const bytes: number[] = []
  if (typeof value === 'number' && Math.abs(value) < 2 ** 48) {
    let zigzag = value < 0 ? -2 * value - 1 : 2 * value
    for (; zigzag > 0x7f; zigzag = Math.floor(zigzag / 128)) bytes.push((zigzag % 128) | 0x80)
    bytes.push(zigzag)
  } else {
    const exact = BigInt(value)
    let zigzag = BigInt.asUintN(64, (exact << 1n) ^ (exact >> 63n))
    for (; zigzag > 0x7fn; zigzag >>= 7n) bytes.push(Number(zigzag & 0x7fn) | 0x80)
    bytes.push(Number(zigzag))
  }
  return Buffer.from(bytes)
}
