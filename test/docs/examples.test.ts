// Runs every example of the public documentation, and holds the public doors to being documented.
import { spawnSync } from 'node:child_process'
import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { type DocComment, docCommentsOf, type Example } from './doc-comments.ts'
import { exampleModule, promiseCount } from './example-module.ts'
import { doors, furtherDoors, type PublicName, publicNames, repositoryRoot } from './public-doors.ts'

const folder = join(repositoryRoot, 'test/docs/.generated')
/** What examples refer to by `new URL('./...', import.meta.url)`. */
const filesOfExamples = join(repositoryRoot, 'test/docs/files')

const names = [...doors, ...furtherDoors].flatMap(publicNames)
const files = [...new Set(names.map(({ file }) => file))].toSorted()
const comments = new Map(files.map((file) => [file, docCommentsOf(file)]))
const examples = [...comments.values()].flatMap((each) => each.flatMap((comment) => comment.examples))

rmSync(folder, { recursive: true, force: true })
cpSync(filesOfExamples, folder, { recursive: true })
writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(typeCheckOptions(), undefined, 2))
for (const example of examples) writeFileSync(modulePath(example), exampleModule(example, names, '../../../'))

describe('An example of the public documentation', () => {
  test('exists', () => {
    expect(examples.length).toBeGreaterThan(60)
  })

  test('compiles', () => {
    const tsc = spawnSync(
      join(repositoryRoot, 'node_modules/.bin/tsc'),
      ['-p', folder, '--pretty', 'false', '--listFiles'],
      {
        encoding: 'utf8',
      },
    )
    const lines = tsc.stdout.split('\n')
    expect(lines.filter((line) => line.startsWith(folder)).length).toBe(
      examples.length + readdirSync(filesOfExamples).filter((file) => file.endsWith('.ts')).length,
    )
    expect(lines.filter((line) => line.includes('.generated/') && line.includes('): error'))).toEqual([])
  })

  test('promises something that can be checked', () => {
    const without = examples.filter((example) => promiseCount(example) === 0)
    expect(without.map(({ file, line }) => `${file}:${line}`)).toEqual([])
  })

  test.each(examples.map((example) => ({ example, place: `${example.file}:${example.line}` })))(
    'does what it says: $place',
    async ({ example }) => {
      const module = (await import(pathToFileURL(modulePath(example)).href)) as { example(): Promise<void> }
      await module.example()
    },
  )
})

describe('A public name', () => {
  test('is documented', () => {
    const undocumented = names.filter((name) => declarationOf(name) === undefined)
    expect(undocumented.map(({ name, file }) => `${name} (${file})`)).toEqual([])
  })

  test('has an example if it can be called, and so has each of its methods', () => {
    const callable = names.filter(({ door, isType }) => !isType && doors.includes(door))
    const missing = callable.flatMap((name) => {
      const declaration = declarationOf(name)
      if (declaration === undefined) return []
      const methods = membersOf(name).filter(({ declaration }) => isPublicMethod(declaration))
      return [declaration, ...methods].filter((each) => each.examples.length === 0 && !isExempt(each))
    })
    expect(missing.map(({ file, line, declaration }) => `${file}:${line} ${declaration}`)).toEqual([])
  })
})

function declarationOf({ name, file }: PublicName): DocComment | undefined {
  const declaration = new RegExp(
    `^export (?:async )?(?:declare )?(?:abstract )?(?:function\\*?|class|const|interface|type) ${name}\\b`,
  )
  return comments.get(file)?.find((comment) => declaration.test(comment.declaration))
}

function membersOf({ name, file }: PublicName): readonly DocComment[] {
  return comments.get(file)?.filter((comment) => comment.within === name) ?? []
}

function isPublicMethod(declaration: string): boolean {
  return /^(?:static |override |async )*\*?(?!get |set |constructor|readonly |declare |private |#)\w+(?:<.*)?\(/.test(
    declaration,
  )
}

/** Internal members, and methods that only exist so as not to compile. */
function isExempt({ text }: DocComment): boolean {
  return text.includes('@internal') || text.includes('Does not compile')
}

function modulePath({ file, line }: Example): string {
  return join(
    folder,
    `${file
      .replace(/^packages\//, '')
      .replace(/\.ts$/, '')
      .replaceAll('/', '_')}_${line}.ts`,
  )
}

function typeCheckOptions(): unknown {
  return {
    extends: '../../../tsconfig.base.json',
    compilerOptions: {
      noEmit: true,
      composite: false,
      declaration: false,
      declarationMap: false,
      noUnusedLocals: false,
      noUnusedParameters: false,
    },
    include: ['*.ts'],
  }
}
