// `npm test` where no broker is asked for, and on a machine that cannot run one.
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

test('All other tests run, and the last line says that those of Kafka did not', () => {
  const line = 'Kafka tests NOT RUN: they are asked for by MILLRACE_REQUIRE_KAFKA=1, or KAFKA_BROKERS=host:port'
  const { status, stdout, lastLine } = runTests({ MILLRACE_REQUIRE_KAFKA: '', KAFKA_BROKERS: '' })
  expect({ status, lastLine }, stdout).toEqual({ status: 0, lastLine: line })
  expect(stdout.split(line)).toHaveLength(2)
  expect(stdout).toMatch(/Test Files {2}1 passed \(1\)/)
})

test('With MILLRACE_REQUIRE_KAFKA=1 it is a failure that there is no broker to be had', () => {
  const line = 'Kafka tests NOT RUN: there is no java, and Docker does not answer'
  const { status, stdout, lastLine } = runTests({ MILLRACE_REQUIRE_KAFKA: '1' })
  expect({ status, lastLine }, stdout).toEqual({ status: 1, lastLine: line })
})
