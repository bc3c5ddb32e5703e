import { join } from 'node:path'
import { BrokerError } from './broker-error.ts'
import {
  type DownloadOptions,
  downloadJars,
  hasJars,
  jarsClassPath,
  jarsDirectory,
  kafkaVersion,
} from './kafka-jars.ts'
import { runCommand } from './run-command.ts'

/** What runs Kafka's programs on this machine. */
export type KafkaInstallation =
  | {
      readonly kind: 'jars'
      readonly version: string
      readonly java: string
      readonly keytool: string
      readonly classPath: string
      /** Where the class data archive for this Java and class path is, or will be after the first stop of a broker. */
      readonly archive: string
    }
  | { readonly kind: 'docker'; readonly version: string; readonly image: string }

/** What this machine has for a broker, or why it has nothing. */
export type KafkaMeans = KafkaInstallation | { readonly kind: 'none'; readonly reason: string }

const javaVersionMin = 17
const pullTimeoutMs = 300_000

/** Kafka from Maven Central's jars if `java` and `mvn` are there, else by Docker. Downloads jars or image the first time. */
export async function findKafka(
  env: NodeJS.ProcessEnv = process.env,
  download: DownloadOptions = { retryPauseMs: 2_000, say: console.error },
): Promise<KafkaMeans> {
  const jars = await findJars(env, download)
  if (jars.kind === 'jars') return jars
  const docker = await findImage(env, download)
  if (docker.kind === 'docker') return docker
  return { kind: 'none', reason: `${jars.reason}, and ${docker.reason}` }
}

/** What runs Kafka's programs here, or an error that says what to install. */
export async function requireKafka(): Promise<KafkaInstallation> {
  const means = await findKafka()
  if (means.kind !== 'none') return means
  throw new BrokerError(
    'NO_MEANS',
    `Kafka cannot run here: ${means.reason}.\n` +
      'Install Java 17 and Maven (Debian: apt-get install default-jre-headless maven), or Docker, ' +
      'or set KAFKA_BROKERS=host:port to use a broker that runs elsewhere.',
  )
}

async function findJars(
  env: NodeJS.ProcessEnv,
  download: DownloadOptions,
): Promise<Exclude<KafkaMeans, { kind: 'docker' }>> {
  const home = env.JAVA_HOME === undefined || env.JAVA_HOME === '' ? undefined : join(env.JAVA_HOME, 'bin')
  const java = home === undefined ? 'java' : join(home, 'java')
  const version = await runCommand(java, ['-version'], { env, timeoutMs: 10_000 })
  const [, full = '', major = ''] = /version "((?:1\.)?(\d+)[^"]*)"/.exec(version.stderr) ?? []
  if (full === '') return { kind: 'none', reason: 'there is no java' }
  if (Number(major) < javaVersionMin) {
    return { kind: 'none', reason: `Kafka ${kafkaVersion} needs Java ${javaVersionMin}, and ${java} is ${full}` }
  }
  const directory = jarsDirectory(env)
  if (!hasJars(directory)) {
    const maven = await runCommand('mvn', ['-v'], { env, timeoutMs: 30_000 })
    if (maven.status !== 0) return { kind: 'none', reason: 'there is no mvn, which downloads Kafka' }
    const reason = await downloadJars(directory, env, download)
    if (reason !== undefined) return { kind: 'none', reason }
  }
  return {
    kind: 'jars',
    version: kafkaVersion,
    java,
    keytool: home === undefined ? 'keytool' : join(home, 'keytool'),
    classPath: jarsClassPath(directory),
    archive: join(directory, `classes-${full}.jsa`),
  }
}

async function findImage(
  env: NodeJS.ProcessEnv,
  { say }: DownloadOptions,
): Promise<Exclude<KafkaMeans, { kind: 'jars' }>> {
  const docker = await runCommand('docker', ['info', '--format', '{{.ServerVersion}}'], { env, timeoutMs: 10_000 })
  if (docker.status !== 0) return { kind: 'none', reason: 'Docker does not answer' }
  const image = `apache/kafka:${kafkaVersion}`
  const known = await runCommand('docker', ['image', 'inspect', image], { env, timeoutMs: 10_000 })
  if (known.status !== 0) {
    say(`Pulling ${image} by Docker, once, for ${pullTimeoutMs / 60_000} minutes at most ...`)
    const pulled = await runCommand('docker', ['pull', '--quiet', image], { env, timeoutMs: pullTimeoutMs })
    const reason = pulled.stderr.trim().split('\n').at(-1)
    if (pulled.status !== 0) return { kind: 'none', reason: `Docker could not pull ${image}: ${reason}` }
  }
  return { kind: 'docker', version: kafkaVersion, image }
}
