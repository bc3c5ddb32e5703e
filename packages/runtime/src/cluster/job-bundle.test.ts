import { execFileSync, spawnSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { writeBundle } from './bundle-directory.ts'
import { bundleJob } from './job-bundle.ts'

let directory: string
beforeEach(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-bundle-')))
})
afterEach(() => rmSync(directory, { recursive: true }))

describe('bundleJob', () => {
  test('keeps import.meta, __filename and __dirname of each file', async () => {
    const printed = await bundleAndRun({
      'src/job.ts': `
        import { where } from './lib/where.ts'
        import cjs from './local.cjs'
        const require = 'a name of mine'
        export default [require, import.meta.url, where, cjs, import.meta.resolve('./x.txt'), import.meta.resolve('dual'), import.meta.main]`,
      'src/lib/where.ts': `export const where = [import.meta.url, import.meta.filename, import.meta.dirname]`,
      'src/local.cjs': `module.exports = [__filename, __dirname, require('node:path').sep, require('dual').kind]`,
      ...dualPackage('node_modules/dual'),
    })
    expect(printed).toEqual([
      'a name of mine',
      urlOf('src/job.ts'),
      [urlOf('src/lib/where.ts'), join(directory, 'src/lib/where.ts'), join(directory, 'src/lib')],
      [join(directory, 'src/local.cjs'), join(directory, 'src'), '/', 'require'],
      urlOf('src/x.txt'),
      urlOf('node_modules/dual/import.mjs'),
      false,
    ])
  })

  test('takes in JSON, the paths of tsconfig.json and imports that start with #', async () => {
    const printed = await bundleAndRun({
      'package.json': `{ "type": "module", "imports": { "#inside": "./src/inside.ts" } }`,
      'tsconfig.json': `{ "compilerOptions": { "paths": { "@lib/*": ["./src/lib/*"], "plain": ["./src/plain.ts"] } } }`,
      'src/job.ts': `
        import a from '@lib/a'
        import plain from 'plain'
        import inside from '#inside'
        import data from './data.json' with { type: 'json' }
        enum Color { red = 'red' }
        export default [a, plain, inside, data, Color.red]`,
      'src/lib/a.ts': `export default 'a' as string`,
      'src/plain.ts': `export default 'plain'`,
      'src/inside.ts': `export default 'inside'`,
      'src/data.json': `{ "n": 1 }`,
    })
    expect(printed).toEqual(['a', 'plain', 'inside', { n: 1 }, 'red'])
  })

  test('leaves packages outside: CommonJS, dual, linked, and those that only another directory sees', async () => {
    const files = {
      'app/job.ts': `
        import cjs, { named } from 'commonjs'
        import { kind } from 'dual'
        import { linked } from 'linked'
        import { elsewhere } from '../other/elsewhere.ts'
        export default [cjs.named, named, kind, linked, elsewhere]`,
      'app/node_modules/commonjs/package.json': `{ "name": "commonjs", "main": "index.js" }`,
      'app/node_modules/commonjs/index.js': `exports.named = require('./part').part`,
      'app/node_modules/commonjs/part.js': `exports.part = 'part of commonjs'`,
      ...dualPackage('app/node_modules/dual'),
      'linked/package.json': `{ "name": "linked", "type": "module", "exports": "./index.js" }`,
      'linked/index.js': `export const linked = import.meta.url`,
      'other/elsewhere.ts': `import { kind } from 'only-here'\nexport const elsewhere = kind`,
      ...dualPackage('other/node_modules/only-here'),
    }
    write(files)
    symlinkSync(join(directory, 'linked'), join(directory, 'app/node_modules/linked'))
    const bundle = await bundleJob(join(directory, 'app/job.ts'))
    expect(readFileSync(bundle.path, 'utf8')).not.toContain('part of commonjs')
    expect(run(bundle.path)).toEqual([
      'part of commonjs',
      'part of commonjs',
      'import',
      urlOf('linked/index.js'),
      'import',
    ])
  })

  test('never takes in @millrace/runtime, not even by a path of tsconfig.json', async () => {
    write({
      'tsconfig.json': `{ "compilerOptions": { "paths": { "@millrace/runtime": ["./mine.ts"] } } }`,
      'mine.ts': `export const defineJob = 'inlined'`,
      'job.ts': `import { defineJob } from '@millrace/runtime'\nexport default defineJob`,
      'node_modules/@millrace/runtime/package.json': `{}`,
    })
    const bundle = await bundleJob(join(directory, 'job.ts'))
    expect(readFileSync(bundle.path, 'utf8')).toContain(`import { defineJob } from "@millrace/runtime"`)
  })

  test('shows the file and line of the user in stacks', async () => {
    write({
      'node_modules/.keep': '',
      'job.ts': `import { fail } from './lib/fail.ts'\n\ninterface Unused { a: string }\n\nexport default 1\nfail()\n`,
      'lib/fail.ts': `// a comment that bundling drops\ntype T = string\nexport function fail(): never {\n  throw new Error(\`at \${import.meta.dirname}\`)\n}\n`,
    })
    const bundle = await bundleJob(join(directory, 'job.ts'))
    const script = `process.setSourceMapsEnabled(true); import(${JSON.stringify(bundle.url)}).catch((e) => console.log(e.stack))`
    const stack = execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' })
    expect(stack).toContain(`Error: at ${join(directory, 'lib')}`)
    expect(stack).toContain(`${join(directory, 'lib/fail.ts')}:4:9`)
    expect(stack).toContain(`${join(directory, 'job.ts')}:6:1`)
  })

  test('lies beside the nearest node_modules, else beside the job, and is the same file for the same sources', async () => {
    write({ 'a/node_modules/.keep': '', 'a/src/jobs/job.ts': 'export default 1', 'b/job.ts': 'export default 2' })
    const first = await bundleJob(join(directory, 'a/src/jobs/job.ts'))
    const name = first.sha256.slice(0, 16)
    expect(first).toEqual({
      path: join(directory, 'a/.millrace', name, 'job.mjs'),
      url: urlOf(`a/.millrace/${name}/job.mjs`),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      sourceFile: join(directory, 'a/src/jobs/job.ts'),
    })
    expect(readFileSync(join(directory, 'a/.millrace/.gitignore'), 'utf8')).toBe('*\n')
    expect(await bundleJob(pathToFileURL(join(directory, 'a/src/jobs/job.ts')))).toEqual(first)

    const second = await bundleJob(join(directory, 'b/job.ts'))
    expect(dirname(dirname(second.path))).toBe(join(directory, 'b/.millrace'))
  })

  test.each([
    ['missing.ts', 'JOB_FILE_NOT_FOUND', /^There is no job file .*missing\.ts: check the path$/],
    ['.', 'JOB_FILE_IS_DIRECTORY', /is a directory: name the file of the job in it$/],
    ['notes.txt', 'UNSUPPORTED_JOB_FILE', /notes\.txt is no TypeScript or JavaScript file/],
    ['syntax.ts', 'JOB_NOT_BUNDLED', /syntax\.ts:2:11: Unexpected ";"$/],
    ['import.ts', 'JOB_NOT_BUNDLED', /import\.ts:1:15: Could not resolve "\.\/nowhere\.ts"$/],
    ['package.ts', 'JOB_NOT_BUNDLED', /package\.ts:1:15: Could not resolve "no-such-package"/],
  ])('refuses %s', async (file, code, message) => {
    write({
      'notes.txt': '',
      'syntax.ts': 'const a = 1\nconst b = ;\n',
      'import.ts': `import x from './nowhere.ts'\nexport default x`,
      'package.ts': `import x from 'no-such-package'\nexport default x`,
    })
    await expect(bundleJob(join(directory, file))).rejects.toMatchObject({
      name: 'JobFileError',
      code,
      message: expect.stringMatching(message),
    })
  })
})

test('of old bundles the four newest stay, and each that a living process uses', () => {
  const goneProcess = spawnSync(process.execPath, ['--version']).pid
  for (let i = 0; i < 9; i++) {
    const bundle = writeBundle(directory, `bundle-${i}`, { 'job.mjs': String(i) })
    // Only the first stays marked as ours.
    if (i === 0) continue
    rmSync(join(bundle, `in-use-${process.pid}`))
    writeFileSync(join(bundle, `in-use-${goneProcess}`), '')
    utimesSync(bundle, 1_000 + i, 1_000 + i)
  }
  writeBundle(directory, 'newest', { 'job.mjs': 'newest' })
  const left = readdirSync(directory).filter((name) => name !== '.gitignore')
  expect(left.sort()).toEqual(['bundle-0', 'bundle-5', 'bundle-6', 'bundle-7', 'bundle-8', 'newest'])
})

function dualPackage(path: string): Record<string, string> {
  return {
    [`${path}/package.json`]: `{ "exports": { "import": "./import.mjs", "require": "./require.cjs" } }`,
    [`${path}/import.mjs`]: `export const kind = 'import'`,
    [`${path}/require.cjs`]: `exports.kind = 'require'`,
  }
}

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), text)
  }
}

/** The default export of the bundle of `src/job.ts`. */
async function bundleAndRun(files: Readonly<Record<string, string>>): Promise<unknown> {
  write(files)
  return run((await bundleJob(join(directory, 'src/job.ts'))).path)
}

function run(bundle: string): unknown {
  const script = `import(${JSON.stringify(pathToFileURL(bundle).href)}).then((m) => console.log(JSON.stringify(m.default)))`
  return JSON.parse(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }))
}

function urlOf(path: string): string {
  return pathToFileURL(join(directory, path)).href
}
