import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { runCommand } from './run-command.ts'

/**
 * Of the newest line that ends what it has begun: brokers of 4.3.1 that die amid a commit or an abort can call the transaction
 * complete when they are back, without a marker in any partition, and nobody reads on (test/kafka/deaths-amid-commits.test.ts).
 */
export const kafkaVersion = '4.2.1'

/** Kafka's own tools bring Connect along, which nothing here runs: half of the jars. */
const excluded = ['connect-api', 'connect-json', 'connect-runtime', 'connect-transforms']

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>millrace</groupId>
  <artifactId>kafka</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${kafkaVersion}</version>
    </dependency>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>${kafkaVersion}</version>
      <exclusions>${excluded
        .map((name) => `<exclusion><groupId>org.apache.kafka</groupId><artifactId>${name}</artifactId></exclusion>`)
        .join('')}</exclusions>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
`

const attemptsMax = 3
/** A cold download of all takes about 20 s; one that hangs is tried again rather than waited for, and keeps what has come. */
const attemptTimeoutMs = 100_000
const transferTimeouts = ['-Dmaven.wagon.rto=30000', '-Daether.connector.requestTimeout=30000']
const copyDependencies = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'

/** Outside of any checkout, so that all share it: `XDG_CACHE_HOME`, else `.cache` at home. */
export function jarsDirectory(env: NodeJS.ProcessEnv): string {
  const cache = env.XDG_CACHE_HOME === undefined || env.XDG_CACHE_HOME === '' ? undefined : env.XDG_CACHE_HOME
  return join(cache ?? join(homedir(), '.cache'), 'millrace', `kafka-${kafkaVersion}`)
}

/** The directory is only ever renamed into place, so it is complete if it is there. */
export function hasJars(directory: string): boolean {
  return existsSync(join(directory, 'lib'))
}

/** In one fixed order: a class data archive is only good for the class path that it was made with. */
export function jarsClassPath(directory: string): string {
  const lib = join(directory, 'lib')
  const jars = readdirSync(lib).filter((name) => name.endsWith('.jar'))
  return jars
    .toSorted()
    .map((name) => join(lib, name))
    .join(delimiter)
}

/** How a download goes about it. */
export interface DownloadOptions {
  readonly retryPauseMs: number
  /** Takes a line for whoever waits. */
  readonly say: (line: string) => void
}

/** Downloads the jars by Maven, with the mirrors and proxies of whoever runs it. Answers why not, or `undefined`. */
export async function downloadJars(
  directory: string,
  env: NodeJS.ProcessEnv,
  download: DownloadOptions,
): Promise<string | undefined> {
  const minutesMax = Math.ceil((attemptsMax * (attemptTimeoutMs + download.retryPauseMs)) / 60_000)
  download.say(
    `Downloading Kafka ${kafkaVersion} by Maven to ${directory}, once: 43 MB, for ${minutesMax} minutes at most ...`,
  )
  const staging = `${directory}.${process.pid}.tmp`
  try {
    mkdirSync(staging, { recursive: true })
    writeFileSync(join(staging, 'pom.xml'), pom)
    let reason = ''
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      if (attempt > 1) await delay(download.retryPauseMs)
      const args = [
        '-q',
        '-B',
        ...transferTimeouts,
        copyDependencies,
        '-DincludeScope=runtime',
        '-DoutputDirectory=lib',
      ]
      const done = await runCommand('mvn', args, { cwd: staging, env, timeoutMs: attemptTimeoutMs })
      if (done.status === 0) {
        moveIntoPlace(staging, directory)
        return undefined
      }
      reason = firstError(done.stdout + done.stderr)
    }
    return `Maven could not download Kafka ${kafkaVersion} in ${attemptsMax} attempts: ${reason}`
  } finally {
    rmSync(staging, { recursive: true, force: true })
  }
}

/** Whoever comes second keeps what the first has put there. */
function moveIntoPlace(staging: string, directory: string): void {
  try {
    renameSync(staging, directory)
  } catch (cause) {
    if (!hasJars(directory)) throw cause
  }
}

function firstError(output: string): string {
  const line = output.split('\n').find((text) => text.includes('ERROR')) ?? output.trim().split('\n').at(-1) ?? ''
  // biome-ignore lint/suspicious/noControlCharactersInRegex: Maven colours its lines.
  return line.replaceAll(/\u001b\[[0-9;]*m|\[ERROR\]/g, '').trim()
}
