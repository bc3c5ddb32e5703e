/**
 * Calls `take` with every word of `text`: the longest runs of characters that are no white space. White space is that
 * of the C locale: space, tab, line feed, vertical tab, form feed, carriage return.
 */
export function splitWords(text: string, take: (word: string) => void): void {
  let start = -1
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x20 || (code >= 0x09 && code <= 0x0d)) {
      if (start !== -1) take(text.slice(start, i))
      start = -1
    } else if (start === -1) {
      start = i
    }
  }
  if (start !== -1) take(text.slice(start))
}
