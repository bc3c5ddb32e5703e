const segmenter = new Intl.Segmenter()
const wide =
  /\p{Emoji_Presentation}|\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|[\uff01-\uff60]/u
const controls = /\p{Cc}/gu

/** How many columns of a terminal a text without escape sequences takes. */
export function textWidth(text: string): number {
  let width = 0
  for (const { segment } of segmenter.segment(text)) width += wide.test(segment) ? 2 : 1
  return width
}

/** Exactly `width` columns: filled up with spaces, or cut with an ellipsis at the end. Control characters are dropped. */
export function fitLeft(text: string, width: number): string {
  const printable = text.replace(controls, '')
  const missing = width - textWidth(printable)
  return missing >= 0 ? printable + ' '.repeat(missing) : cut(printable, width)
}

/** As {@link fitLeft}, but with the spaces in front: for numbers. */
export function fitRight(text: string, width: number): string {
  const missing = width - textWidth(text)
  return missing >= 0 ? ' '.repeat(missing) + text : cut(text, width)
}

function cut(text: string, width: number): string {
  let kept = ''
  let used = 0
  for (const { segment } of segmenter.segment(text)) {
    const next = wide.test(segment) ? 2 : 1
    if (used + next > width - 1) break
    kept += segment
    used += next
  }
  return `${kept}…${' '.repeat(Math.max(0, width - 1 - used))}`.slice(0, width > 0 ? undefined : 0)
}
