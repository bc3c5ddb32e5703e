// `npm test` on a machine that can run no broker, and on one that can run no database.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { Machine } from './programs.ts'

const repository = fileURLToPath(new URL('../../..', import.meta.url))
const vitest = join(repository, 'node_modules', 'vitest', 'vitest.mjs')

/** Some tests of the unit project, and those of Kafka. */
function runTests(environment: Readonly<Record<string, string>>) {
  using machine = new Machine({})
  const { status, stdout } = spawnSync(process.execPath, [vitest, 'run', 'test/kafka', 'base/fifo.test.ts'], {
    cwd: repository,
    encoding: 'utf8',
    env: { ...machine.env, NO_COLOR: '1', MILLRACE_REQUIRE_POSTGRES: '', ...environment },
  })
  return { status, stdout, lastLine: stdout.trimEnd().split('\n').at(-1) }
}

const line = 'Kafka tests NOT RUN: there is no java, and Docker does not answer'

test('All other tests run, and the last line says that those of Kafka did not', () => {
  const { status, stdout, lastLine } = runTests({ MILLRACE_REQUIRE_KAFKA: '' })
  expect({ status, lastLine }, stdout).toEqual({ status: 0, lastLine: line })
  expect(stdout.split(line)).toHaveLength(2)
  expect(stdout).toMatch(/Test Files {2}1 passed \(1\)/)
})

test('With MILLRACE_REQUIRE_KAFKA=1 it is a failure that there is no broker to be had', () => {
  const { status, stdout, lastLine } = runTests({ MILLRACE_REQUIRE_KAFKA: '1' })
  expect({ status, lastLine }, stdout).toEqual({ status: 1, lastLine: line })
})

test.each([
  ['left out', '', 0],
  ['a failure if they are required', '1', 1],
])('Without PostgreSQL the tests that need it are %s', (_, required, status) => {
  using machine = new Machine({})
  const module = new URL('../../postgres/excluded-tests.ts', import.meta.url)
  const program = `
    const { excludedForWantOfPostgres } = await import(${JSON.stringify(module)})
    console.log(await excludedForWantOfPostgres('/nowhere'))`
  const ended = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
    env: { ...machine.env, NO_COLOR: '1', MILLRACE_REQUIRE_POSTGRES: required },
  })
  expect({ status: ended.status, stdout: ended.stdout }, ended.stderr).toEqual({
    status,
    stdout:
      "[ 'test/postgres/**', '**/*.postgres.test.ts' ]\n" +
      'PostgreSQL tests NOT RUN: there is no PostgreSQL (initdb, pg_ctl)\n',
  })
})
