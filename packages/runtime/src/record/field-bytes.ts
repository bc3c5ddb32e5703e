import { ValueTag } from './value-tag.ts'

// Values of the general codec, written into a buffer that has room for them: what generated code calls for each field, since
// to ask a ByteWriter for room several times a field costs as much as the bytes (bench: W8).

/** Their length takes one byte. */
const textLengthMax = 63
/** The call into the engine costs as much as a loop over so many characters. */
const loopLengthMax = 12

/** Room that each of these may need: in UTF-8 a character takes up to three bytes. */
export const fieldBytesMax: number = 2 + 3 * textLengthMax

/** Answers where the text ends, or -1 if it is long or not ASCII: then it is not written. */
export function textAt(buffer: Buffer, at: number, text: string): number {
  const { length } = text
  if (length > textLengthMax) return -1
  buffer[at] = ValueTag.string
  buffer[at + 1] = length * 2
  const start = at + 2
  // Of ASCII only, UTF-8 has as many bytes as there are characters, and those of Latin-1.
  if (length > loopLengthMax) return buffer.write(text, start, length * 3) === length ? start + length : -1
  let all = 0
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i)
    buffer[start + i] = unit
    all |= unit
  }
  return all > 0x7f ? -1 : start + length
}

/** Answers where the number ends. */
export function numberAt(buffer: Buffer, at: number, value: number): number {
  if (!Object.is(value | 0, value)) {
    buffer[at] = ValueTag.float64
    return buffer.writeDoubleLE(value, at + 1)
  }
  buffer[at + 1] = value
  if (value === (value << 24) >> 24) {
    buffer[at] = ValueTag.int8
    return at + 2
  }
  buffer[at + 2] = value >> 8
  if (value === (value << 16) >> 16) {
    buffer[at] = ValueTag.int16
    return at + 3
  }
  buffer[at] = ValueTag.int32
  buffer[at + 3] = value >> 16
  buffer[at + 4] = value >> 24
  return at + 5
}
