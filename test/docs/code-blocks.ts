import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { repositoryRoot } from './public-doors.ts'

/** A fenced block of a Markdown file. */
export interface CodeBlock {
  readonly language: string
  /** What follows the language: the name of the file that it shows, or nothing. */
  readonly name: string
  /** Of its first line, from 1. */
  readonly line: number
  readonly text: string
}

/** The fenced blocks of a Markdown file, in order. */
export function codeBlocksOf(file: string): readonly CodeBlock[] {
  const lines = readFileSync(resolve(repositoryRoot, file), 'utf8').split('\n')
  const blocks: CodeBlock[] = []
  for (let i = 0; i < lines.length; i++) {
    const [, language, name = ''] = /^```(\w+)(?: (\S+))?$/.exec(lines[i]!) ?? []
    if (language === undefined) continue
    const start = i + 1
    while (lines[i + 1] !== undefined && lines[i + 1] !== '```') i++
    blocks.push({ language, name, line: start + 1, text: `${lines.slice(start, i + 1).join('\n')}\n` })
    // Past the closing fence.
    i++
  }
  return blocks
}
