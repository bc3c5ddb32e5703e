import type { Example } from './doc-comments.ts'
import { type PublicName, specifierOf } from './public-doors.ts'

/**
 * The module that runs an example. What its comments promise becomes checks:
 *
 * - `expression // -> value`: the expression's value equals the value, deeply;
 * - `const name = expression // -> value`: the same, of the new constant;
 * - `statement // throws SomeError: text`: it throws (or rejects with) an error of that name, whose message has the text.
 *
 * Public names are imported as they are used, as users import them. `toRoot` leads from the module's folder to the
 * repository's root.
 */
export function exampleModule(example: Example, names: readonly PublicName[], toRoot: string): string {
  const lines = example.code.split('\n')
  const imports = lines.filter((line) => line.startsWith('import '))
  const statements = lines.filter((line) => !line.startsWith('import ')).map(withCheck)
  return [
    ...publicImports(example.code, names),
    `import { checkEqual, checkThrows } from '${toRoot}test/docs/example-checks.ts'`,
    ...imports,
    'export async function example(): Promise<void> {',
    ...statements.map((line) => `  ${line}`),
    '}',
    'void [checkEqual, checkThrows]',
    '',
  ].join('\n')
}

/** How many promises an example's comments make. */
export function promiseCount(example: Example): number {
  return example.code.split('\n').filter((line) => promise.test(line)).length
}

const promise = /^(\s*)(.*?);?\s*\/\/ (?:-> (.*)|throws (\w+): (.*))$/

function withCheck(line: string): string {
  const found = promise.exec(line)
  if (found === null) return line
  const [, indent = '', statement = '', value, errorName, errorText] = found
  if (errorName !== undefined) {
    const text = JSON.stringify(errorText)
    return `${indent}await checkThrows(async () => { ${statement} }, ${JSON.stringify(errorName)}, ${text})`
  }
  const constant = /^const (\w+)\b[^=]*= /.exec(statement)?.[1]
  if (constant !== undefined) return `${indent}${statement}; checkEqual(${constant}, ${value})`
  return `${indent}checkEqual(${statement}, ${value})`
}

function publicImports(code: string, names: readonly PublicName[]): readonly string[] {
  const imported = new Set<string>()
  const imports: string[] = []
  for (const { name, isType, door } of names) {
    if (imported.has(name) || !new RegExp(`\\b${name}\\b`).test(code)) continue
    imported.add(name)
    imports.push(`import { ${isType ? 'type ' : ''}${name} } from '${specifierOf(door)}'`)
  }
  return imports
}
