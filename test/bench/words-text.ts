import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream, existsSync, mkdirSync, renameSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { below } from './random-numbers.ts'

const vocabulary = 20_000
const bytesMin = 52_428_800
const wordsPerLine = 10
const partCount = 4
const sha256Start = '93f30ed6'

/** The word of rank `rank`: ranks are from 0, and the words of low rank are common. */
export function wordOfRank(rank: number): string {
  let word = ''
  for (let x = rank * 37 + 26; x > 0; x = Math.floor(x / 26)) word += String.fromCharCode(0x61 + (x % 26))
  return word
}

/** Word number `n` of the text. */
export function createWordAt(): (n: number) => string {
  const words = Array.from({ length: vocabulary }, (_, rank) => wordOfRank(rank))
  const sums: number[] = []
  let total = 0
  for (let rank = 0; rank < vocabulary; rank++) {
    total += Math.floor(1_000_000 / (rank + 1))
    sums.push(total)
  }
  return (n) => {
    const x = below(n, 5, total)
    let low = 0
    let high = vocabulary - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if (sums[middle]! > x) high = middle
      else low = middle + 1
    }
    return words[low]!
  }
}

/**
 * The text of W3, 50 MiB, in `directory`, made on first use: `words.txt`, and its lines dealt out in turn to four files
 * in `words4`. Answers the paths.
 */
export async function wordsText(directory: string): Promise<{ readonly whole: string; readonly parts: string }> {
  const whole = join(directory, 'words.txt')
  const parts = join(directory, 'words4')
  if (existsSync(whole)) return { whole, parts }
  await rm(parts, { recursive: true, force: true })
  mkdirSync(parts, { recursive: true })
  const partial = `${whole}.part`
  const files = [partial, ...Array.from({ length: partCount }, (_, part) => join(parts, `part-${part}.txt`))].map(
    (path) => ({ stream: createWriteStream(path), text: '' }),
  )
  const hash = createHash('sha256')
  const write = async (file: (typeof files)[number]): Promise<void> => {
    const { stream, text } = file
    file.text = ''
    if (!stream.write(text)) await once(stream, 'drain')
  }
  const wordAt = createWordAt()
  let n = 0
  for (let bytes = 0, line = 0; bytes < bytesMin; line++) {
    let text = wordAt(n++)
    for (let i = 1; i < wordsPerLine; i++) text += ` ${wordAt(n++)}`
    text += '\n'
    bytes += text.length
    hash.update(text)
    for (const file of [files[0]!, files[1 + (line % partCount)]!]) {
      file.text += text
      if (file.text.length >= 1 << 20) await write(file)
    }
  }
  for (const file of files) {
    await write(file)
    file.stream.end()
    await finished(file.stream)
  }
  const digest = hash.digest('hex')
  if (!digest.startsWith(sha256Start)) throw new Error(`The text of W3 came out wrong: its SHA-256 is ${digest}`)
  renameSync(partial, whole)
  return { whole, parts }
}
