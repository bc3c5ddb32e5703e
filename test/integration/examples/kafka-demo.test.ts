// What needs no broker; the rest is in test/kafka/examples.
import { spawnSync } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { Machine } from '../brokers/programs.ts'

const main = fileURLToPath(new URL('../../../packages/examples/src/main.ts', import.meta.url))

function demo(args: readonly string[], more: NodeJS.ProcessEnv = {}) {
  using machine = new Machine({})
  const env = { ...machine.env, ...more }
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'kafka', ...args], { env, encoding: 'utf8' })
  return { status, stdout, stderr }
}

describe('npm start -- kafka', () => {
  test('says what to install where no broker can run', () => {
    expect(demo([])).toEqual({
      status: 1,
      stdout: '',
      stderr:
        'error: Kafka cannot run here: there is no java, and Docker does not answer.\n' +
        'Install Java 17 and Maven (Debian: apt-get install default-jre-headless maven), or Docker, ' +
        'or set KAFKA_BROKERS=host:port to use a broker that runs elsewhere.\n',
    })
  })

  test('says that a broker of somebody else does not answer', () => {
    const { status, stderr } = demo([], { KAFKA_BROKERS: '127.0.0.1:1' })
    expect(stderr).toMatch(/^error: KAFKA_BROKERS=127\.0\.0\.1:1 does not answer: .*ECONNREFUSED/)
    expect(status).toBe(1)
  })

  test.each([
    [['--rate', '0'], '--rate must be from 1 to 100000'],
    [['-d'], 'The demo ends with its job, so that it cannot be left in the background by -d'],
  ])('%j is refused before anything starts', (args, message) => {
    const hint = 'npm start -- --help shows what there is'
    expect(demo(args)).toEqual({ status: 2, stdout: '', stderr: `error: ${message}\nhint: ${hint}\n` })
  })
})
