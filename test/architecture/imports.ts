import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/** One import or re-export, type imports and dynamic imports included. */
export interface Import {
  /** Path of the importing file from the folder that was searched, with forward slashes. */
  readonly file: string
  readonly line: number
  /** As written: `../base/error.ts`, `piscina`, `node:fs`. */
  readonly specifier: string
}

// Comments and template texts may show imports: examples, generated code. Strings are kept, since they hold specifiers.
const skipped = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|`(?:\\[\s\S]|[^`\\])*`|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g
const statements = [
  /^[ \t]*(?:import|export)\s+(?:type\s+)?[\w*{][^'";=()]*?\bfrom\s*(['"])([^'"\n]+)\1/gm,
  /^[ \t]*import\s*(['"])([^'"\n]+)\1/gm,
  /\bimport\s*\(\s*(['"])([^'"\n]+)\1/g,
  /\brequire\s*\(\s*(['"])([^'"\n]+)\1/g,
]

/** All imports of the TypeScript files below `folder`, tests excluded. */
export function importsBelow(folder: string): readonly Import[] {
  return sourceFiles(folder).flatMap((path) => {
    const file = relative(folder, path).replaceAll('\\', '/')
    return importsOf(readFileSync(path, 'utf8')).map((found) => ({ file, ...found }))
  })
}

/** The imports of one file's text, in order. */
export function importsOf(source: string): readonly Omit<Import, 'file'>[] {
  // Blanks keep the positions, so that lines can be counted.
  const code = source.replace(skipped, (text) => (/^['"]/.test(text) ? text : text.replaceAll(/[^\n]/g, ' ')))
  return statements
    .flatMap((statement) => [...code.matchAll(statement)])
    .toSorted((a, b) => a.index - b.index)
    .map((match) => ({
      line: code.slice(0, match.index).split('\n').length,
      specifier: match[2] ?? '',
    }))
}

function sourceFiles(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !/\.(test|test-d)\.ts$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
}
