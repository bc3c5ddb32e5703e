// What README.md shows is what a reader's computer does.
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { codeBlocksOf } from './code-blocks.ts'
import { repositoryRoot } from './public-doors.ts'

const blocks = codeBlocksOf('README.md')
const files = blocks.filter(({ name }) => name !== '')
const folder = join(repositoryRoot, 'test/docs/.generated-readme')

rmSync(folder, { recursive: true, force: true })
mkdirSync(folder)
for (const { name, text } of files) writeFileSync(join(folder, name), text)
writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(typeCheckOptions()))

/** Runs a command that the README shows, where its files are. */
function shown(command: string) {
  expect(blocks.some(({ language, text }) => language === 'sh' && text.trim() === command)).toBe(true)
  const [program, ...args] = command.replace(/^npx /, '').split(' ')
  const millrace = join(repositoryRoot, 'packages/runtime/bin/millrace.js')
  const nodeArgs = program === 'millrace' ? [millrace, ...args] : args
  const { status, stdout, stderr } = spawnSync(process.execPath, nodeArgs, { cwd: folder, encoding: 'utf8' })
  return { status, lines: stdout.trimEnd().split('\n'), stderr }
}

describe('The README', () => {
  test('has a job of about ten lines, and files around it', () => {
    expect(files.map(({ name }) => name)).toEqual(['job.ts', 'program.ts', 'job.test.ts', 'millrace.yaml'])
    expect(files[0]!.text.trim().split('\n').length).toBeLessThanOrEqual(12)
  })

  test('has TypeScript that compiles in strict mode', () => {
    const tsc = join(repositoryRoot, 'node_modules/.bin/tsc')
    const { status, stdout } = spawnSync(tsc, ['-p', folder, '--pretty', 'false'], { encoding: 'utf8' })
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
  })

  test('shows what its job prints', () => {
    const output = blocks.find(({ language }) => language === 'text')!
    const { status, lines, stderr } = shown('npx millrace run job.ts -p 2')
    expect(lines.toSorted()).toEqual(output.text.trimEnd().split('\n').toSorted())
    expect(stderr).not.toMatch(/WARN|ERROR/)
    expect(status).toBe(0)
  })

  test('runs the job from a program', () => {
    const { stdout, stderr } = spawnSync(process.execPath, ['program.ts'], { cwd: folder, encoding: 'utf8' })
    const promised = /\/\/ (FINISHED .*)/.exec(files.find(({ name }) => name === 'program.ts')!.text)?.[1]
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(promised)
    expect(stderr).toBe('')
  })

  test('has a test that passes', () => {
    const { status, lines } = shown('npx node --test job.test.ts')
    expect(lines).toContainEqual(expect.stringMatching(/pass 1$/))
    expect(status).toBe(0)
  })
})

function typeCheckOptions(): unknown {
  return {
    compilerOptions: {
      target: 'es2024',
      lib: ['es2024', 'esnext.disposable'],
      module: 'nodenext',
      strict: true,
      noEmit: true,
      types: ['node'],
      allowImportingTsExtensions: true,
    },
    include: ['*.ts'],
  }
}
