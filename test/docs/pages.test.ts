// What the pages tell a reader to follow or to type is there.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { repositoryRoot } from './public-doors.ts'

const pages = [
  ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'packages/runtime/README.md', 'packages/connectors/README.md'],
  ...readdirSync(join(repositoryRoot, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
]
const read = (file: string) => readFileSync(join(repositoryRoot, file), 'utf8')

describe.each(pages)('%s', (page) => {
  test('links to what exists', () => {
    const targets = [...read(page).matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, target]) => target!)
    const missing = targets.filter((target) => !existsSync(join(repositoryRoot, dirname(page), target)))
    expect(missing).toEqual([])
  })

  test('names scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: object }
    const named = [...read(page).matchAll(/\bnpm (?:run ([\w:]+)|(start|test)\b)/g)].map(([, run, own]) => run ?? own!)
    expect(named.filter((name) => !(name in scripts))).toEqual([])
  })
})

test('The connectors of the READMEs are those that there are', () => {
  const { exports } = JSON.parse(read('packages/connectors/package.json')) as { exports: object }
  const paths = Object.keys(exports).filter((path) => path !== './package.json')
  const expected = paths.map((path) => `@millrace/connectors${path.slice(1)}`).toSorted()
  const listed = [...read('packages/connectors/README.md').matchAll(/^\| `(@millrace\/connectors\/[\w-]+)` \|/gm)]
  expect(listed.map(([, path]) => path).toSorted()).toEqual(expected)
})
