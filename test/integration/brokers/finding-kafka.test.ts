import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { javaCommand, keytoolCommand } from '../../../scripts/kafka/java-command.ts'
import { findKafka } from '../../../scripts/kafka/kafka-installation.ts'
import { hasJars, jarsDirectory, kafkaVersion } from '../../../scripts/kafka/kafka-jars.ts'
import { javaOf, Machine } from './programs.ts'

const quietly = { retryPauseMs: 0, say: () => {} }
const image = `apache/kafka:${kafkaVersion}`

test.each([
  ['nothing', {}, 'there is no java, and Docker does not answer'],
  ['an old Java', { java: javaOf('11.0.21') }, `Kafka ${kafkaVersion} needs Java 17, and java is 11.0.21, and`],
  ['the oldest Java', { java: javaOf('1.8.0_392') }, `Kafka ${kafkaVersion} needs Java 17, and java is 1.8.0_392, and`],
  ['Java alone', { java: javaOf('17.0.15') }, 'there is no mvn, which downloads Kafka, and Docker does not answer'],
  ['a Docker that is off', { docker: 'exit 1' }, 'there is no java, and Docker does not answer'],
])('A machine with %s has no means for Kafka, and says why', async (_, programs, reason) => {
  using machine = new Machine(programs)
  const means = await findKafka(machine.env)
  expect(means).toEqual({ kind: 'none', reason: expect.stringContaining(reason) })
})

test('A machine with Java and Maven downloads the jars once', async () => {
  const maven = `[ "$1" = -v ] && exit 0; echo again >> "$XDG_CACHE_HOME/downloads"; /bin/mkdir lib; : > lib/a.jar; : > lib/b.jar`
  using machine = new Machine({ java: javaOf('21.0.2'), mvn: maven })
  const lib = join(jarsDirectory(machine.env), 'lib')
  const expected = {
    kind: 'jars',
    version: kafkaVersion,
    java: 'java',
    keytool: 'keytool',
    classPath: `${join(lib, 'a.jar')}:${join(lib, 'b.jar')}`,
    archive: join(lib, '..', 'classes-21.0.2.jsa'),
  }
  expect(await findKafka(machine.env, quietly)).toEqual(expected)
  expect(await findKafka(machine.env, quietly)).toEqual(expected)
  expect(readFileSync(join(machine.directory, 'cache', 'downloads'), 'utf8')).toBe('again\n')
})

test('A download that fails is tried three times, leaves nothing, and its error is the reason', async () => {
  const maven = `[ "$1" = -v ] && exit 0; echo again >> "$XDG_CACHE_HOME/downloads"; echo '[ERROR] no route to host'; exit 1`
  using machine = new Machine({ java: javaOf('17.0.15'), mvn: maven })
  expect(await findKafka(machine.env, quietly)).toEqual({
    kind: 'none',
    reason: `Maven could not download Kafka ${kafkaVersion} in 3 attempts: no route to host, and Docker does not answer`,
  })
  expect(readFileSync(join(machine.directory, 'cache', 'downloads'), 'utf8')).toBe('again\nagain\nagain\n')
  const directory = jarsDirectory(machine.env)
  expect({ jars: hasJars(directory), staging: existsSync(`${directory}.${process.pid}.tmp`) }).toEqual({
    jars: false,
    staging: false,
  })
})

test('A machine with Docker runs the same programs in containers, with the same paths and ports', async () => {
  using machine = new Machine({ docker: 'exit 0' })
  const installation = await findKafka(machine.env)
  expect(installation).toEqual({ kind: 'docker', version: kafkaVersion, image })
  if (installation.kind === 'none') return
  const broker = { mainClass: 'kafka.Kafka', args: ['/d/broker-1.properties'], jvmArguments: ['-Xmx1m'] }
  const user = `--user ${process.getuid?.()}:${process.getgid?.()}`
  const run = `docker run --rm --interactive --network host ${user}`
  const { command, args } = javaCommand(installation, { ...broker, directories: ['/d'], container: 'a-broker' })
  expect([command, ...args].join(' ')).toBe(
    `${run} --name a-broker --volume /d:/d --entrypoint java ${image} -Xlog:disable -Xlog:all=error:stderr ` +
      '-XX:+UseSerialGC -Xmx1m -cp /opt/kafka/libs/* kafka.Kafka /d/broker-1.properties',
  )
  const keytool = keytoolCommand(installation, ['-list'], ['/d'])
  expect([keytool.command, ...keytool.args].join(' ')).toBe(`${run} --volume /d:/d --entrypoint keytool ${image} -list`)
})

test('A machine with Docker pulls the image once; if that fails, its error is the reason', async () => {
  const pulled = '$XDG_CACHE_HOME/pulled'
  const docker = `case $1 in image) [ -e "${pulled}" ] ;; pull) echo "$*" >> "${pulled}" ;; esac`
  using machine = new Machine({ docker })
  mkdirSync(join(machine.directory, 'cache'))
  const said: string[] = []
  const say = (line: string) => said.push(line)
  for (let i = 0; i < 2; i++) {
    expect(await findKafka(machine.env, { retryPauseMs: 0, say })).toEqual({
      kind: 'docker',
      version: kafkaVersion,
      image,
    })
  }
  expect(said).toEqual([`Pulling ${image} by Docker, once, for 5 minutes at most ...`])
  expect(readFileSync(join(machine.directory, 'cache', 'pulled'), 'utf8')).toBe(`pull --quiet ${image}\n`)

  using offline = new Machine({ docker: '[ $1 = info ] || { echo "no route to host" >&2; exit 1; }' })
  expect(await findKafka(offline.env, quietly)).toEqual({
    kind: 'none',
    reason: `there is no java, and Docker could not pull ${image}: no route to host`,
  })
})

test('compose.yaml gives users the version that the tests run on', () => {
  const compose = readFileSync(new URL('../../../compose.yaml', import.meta.url), 'utf8')
  expect(/image: (\S+)/.exec(compose)?.[1]).toBe(image)
})
