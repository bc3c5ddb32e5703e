import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { Machine } from '../brokers/programs.ts'

const main = fileURLToPath(new URL('../../../packages/examples/src/main.ts', import.meta.url))

test('npm start -- kafka says what to install where no broker can run', () => {
  using machine = new Machine({})
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'kafka'], {
    env: machine.env,
    encoding: 'utf8',
  })
  expect({ status, stdout, stderr }).toEqual({
    status: 1,
    stdout: '',
    stderr:
      'error: Kafka cannot run here: there is no java, and Docker does not answer.\n' +
      'Install Java 17 and Maven (Debian: apt-get install default-jre-headless maven), or Docker, ' +
      'or set KAFKA_BROKERS=host:port to use a broker that runs elsewhere.\n',
  })
})
