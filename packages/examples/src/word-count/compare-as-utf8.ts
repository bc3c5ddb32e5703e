/**
 * Orders texts as their UTF-8 bytes are ordered, which is what `LC_ALL=C sort` does. `<` orders by UTF-16 code units,
 * where characters beyond U+FFFF (surrogates) come before U+E000.
 */
export function compareAsUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = rank(a.charCodeAt(i)) - rank(b.charCodeAt(i))
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

function rank(codeUnit: number): number {
  if (codeUnit < 0xd800) return codeUnit
  return codeUnit < 0xe000 ? codeUnit + 0x2000 : codeUnit - 0x800
}
