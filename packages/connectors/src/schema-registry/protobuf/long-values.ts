/** How protobufjs holds 64 bits. */
export interface LongBits {
  readonly low: number
  readonly high: number
}

/** A number as long as it is exact, else a bigint. */
export function fromLong({ low, high }: LongBits, isUnsigned: boolean): number | bigint {
  const upper = isUnsigned ? high >>> 0 : high | 0
  if (Math.abs(upper) < 2 ** 20) return upper * 2 ** 32 + (low >>> 0)
  const value = (BigInt(upper) << 32n) | BigInt(low >>> 0)
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** Undefined for what is no integer of 64 bits. */
export function toLong(value: unknown, isUnsigned: boolean): LongBits | undefined {
  const exact = typeof value === 'bigint' ? value : Number.isSafeInteger(value) ? BigInt(value as number) : undefined
  if (exact === undefined) return undefined
  if (exact !== (isUnsigned ? BigInt.asUintN(64, exact) : BigInt.asIntN(64, exact))) return undefined
  return { low: Number(BigInt.asIntN(32, exact)), high: Number(BigInt.asIntN(32, exact >> 32n)) }
}
