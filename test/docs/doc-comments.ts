import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { repositoryRoot } from './public-doors.ts'

/** A doc comment and the first line of what it documents. */
export interface DocComment {
  readonly file: string
  /** Of the declaration, from 1. */
  readonly line: number
  readonly declaration: string
  /** The class or interface around it, if there is one. */
  readonly within: string | undefined
  /** Without asterisks. */
  readonly text: string
  readonly examples: readonly Example[]
}

export interface Example {
  readonly file: string
  /** Of its first line, from 1. */
  readonly line: number
  readonly code: string
}

/** The doc comments of a file, in order. */
export function docCommentsOf(file: string): readonly DocComment[] {
  const lines = readFileSync(resolve(repositoryRoot, file), 'utf8').split('\n')
  const comments: DocComment[] = []
  let within: string | undefined
  for (let i = 0; i < lines.length; i++) {
    within = containerOf(lines[i]!) ?? (lines[i] === '}' ? undefined : within)
    if (!/^\s*\/\*\*/.test(lines[i]!)) continue
    const start = i
    while (!lines[i]!.includes('*/')) i++
    const body = lines
      .slice(start, i + 1)
      .map((line) => line.replace(/^\s*(\/\*\*|\*\/|\*) ?/, '').replace(/ ?\*\/\s*$/, ''))
    // A linter's directive may stand between the comment and its declaration.
    while (lines[i + 1]?.trim().startsWith('//')) i++
    const declaration = (lines[i + 1] ?? '').trim()
    comments.push({
      file,
      line: i + 2,
      declaration,
      within: /^\s/.test(lines[i + 1] ?? '') ? within : undefined,
      text: body.join('\n'),
      examples: examplesOf(file, start + 1, body),
    })
  }
  return comments
}

function containerOf(line: string): string | undefined {
  return /^export (?:declare )?(?:class|interface) (\w+)/.exec(line)?.[1]
}

/** An example reaches to the next tag, or to the end of the comment. A code fence around it is left out. */
function examplesOf(file: string, firstLine: number, body: readonly string[]): readonly Example[] {
  const examples: Example[] = []
  for (let i = 0; i < body.length; i++) {
    if (!body[i]!.startsWith('@example')) continue
    const start = i + 1
    while (i + 1 < body.length && !/^@[a-z]/.test(body[i + 1]!)) i++
    const block = body.slice(start, i + 1)
    const code = block.filter((line) => !line.startsWith('```'))
    const line = firstLine + start + (block[0]?.startsWith('```') ? 1 : 0)
    examples.push({ file, line, code: code.join('\n').trim() })
  }
  return examples
}
