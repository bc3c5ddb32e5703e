/** Above this the native functions win, below it a loop does. */
const shortTextLength = 24

/** How many bytes `text` has in UTF-8. */
export function utf8Length(text: string): number {
  const length = text.length
  if (length > shortTextLength) return Buffer.byteLength(text)
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) > 0x7f) return Buffer.byteLength(text)
  return length
}

/** Writes `text`, whose length in bytes was told by `utf8Length`. A lone surrogate becomes U+FFFD. */
export function writeUtf8(bytes: Buffer, text: string, byteLength: number, at: number): void {
  if (byteLength !== text.length) {
    bytes.write(text, at, byteLength, 'utf8')
  } else if (byteLength > shortTextLength) {
    // As many bytes as characters: it is ASCII.
    bytes.write(text, at, byteLength, 'latin1')
  } else {
    for (let i = 0; i < byteLength; i++) bytes[at + i] = text.charCodeAt(i)
  }
}

/** So many bytes behind a text `writeAscii` may overwrite. */
export const asciiRoom = 4

/** Writes `text` if it is ASCII, else something of it, and answers false. */
export function writeAscii(bytes: Buffer, text: string, at: number): boolean {
  const { length } = text
  // A text with other characters takes more bytes than it has characters, and none takes more than the room.
  if (length > shortTextLength) return bytes.write(text, at, length + asciiRoom, 'utf8') === length
  let union = 0
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    union |= code
    bytes[at + i] = code
  }
  return union <= 0x7f
}

/** How many bytes `value` takes as a zigzag varint. */
export function varintLength(value: number): number {
  let rest = value >= 0 ? value * 2 : -value * 2 - 1
  let length = 1
  while (rest > 0x7fff_ffff) {
    rest = Math.floor(rest / 128)
    length++
  }
  while (rest > 0x7f) {
    rest >>>= 7
    length++
  }
  return length
}
