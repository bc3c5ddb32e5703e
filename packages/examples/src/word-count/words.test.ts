import { expect, test } from 'vitest'
import { compareAsUtf8 } from './compare-as-utf8.ts'
import { splitWords } from './split-words.ts'

test('splitWords cuts at the white space of the C locale, and nowhere else', () => {
  const words: string[] = []
  splitWords('  a\tb\r\v\fc\n d\u00a0e \u2003f\u0085 ', (word) => words.push(word))
  expect(words).toEqual(['a', 'b', 'c', 'd\u00a0e', '\u2003f\u0085'])
})

test('splitWords finds no word in white space', () => {
  const words: string[] = []
  splitWords('', (word) => words.push(word))
  splitWords(' \t ', (word) => words.push(word))
  expect(words).toEqual([])
})

test('compareAsUtf8 orders as bytes are ordered', () => {
  const texts = ['b', 'a', 'ab', '', 'é', '\ue000', '\u{1f600}', '\uffff', 'Z', '\u{1f600}a', '\u{10000}']
  const byBytes = texts.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  expect(texts.toSorted(compareAsUtf8)).toEqual(byBytes)
})
