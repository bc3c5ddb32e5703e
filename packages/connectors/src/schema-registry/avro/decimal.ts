/** A whole number in two's complement, big-endian, of which the last `scale` digits are behind the point. */
export function decimalText(bytes: Buffer, scale: number): string {
  const unscaled = bytes.length === 0 ? 0n : BigInt.asIntN(8 * bytes.length, BigInt(`0x${bytes.toString('hex')}`))
  if (scale === 0) return unscaled.toString()
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
  const point = digits.length - scale
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`
}

/** The way back: nothing is rounded, so undefined is what has more digits than there is room for, and what is no decimal. */
export function decimalBytes(
  text: string,
  limits: { readonly precision: number; readonly scale: number; readonly size: number | undefined },
): Buffer | undefined {
  const { precision, scale, size } = limits
  const [, sign, whole = '', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? []
  if (sign === undefined || /[1-9]/.test(fraction.slice(scale))) return undefined
  const digits = (whole + fraction.slice(0, scale).padEnd(scale, '0')).replace(/^0+(?=\d)/, '')
  if (digits.length > precision && digits !== '0') return undefined
  const unscaled = BigInt(sign + digits)
  const length = size ?? bytesNeeded(unscaled)
  if (BigInt.asIntN(8 * length, unscaled) !== unscaled) return undefined
  return Buffer.from(
    BigInt.asUintN(8 * length, unscaled)
      .toString(16)
      .padStart(2 * length, '0'),
    'hex',
  )
}

/** The fewest that keep the sign. */
function bytesNeeded(value: bigint): number {
  const bits = (value < 0n ? -value - 1n : value).toString(2)
  return Math.floor((bits === '0' ? 0 : bits.length) / 8) + 1
}
