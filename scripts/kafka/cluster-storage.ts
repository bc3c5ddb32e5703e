import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BrokerError } from './broker-error.ts'
import {
  brokerFiles,
  brokerIds,
  brokerProperties,
  type ClusterLayout,
  saslPassword,
  saslUser,
  storePassword,
} from './broker-properties.ts'
import { type Command, javaCommand, keytoolCommand } from './java-command.ts'
import type { KafkaInstallation } from './kafka-installation.ts'
import { runCommand } from './run-command.ts'

const commandTimeoutMs = 180_000

/** Where the certificate is that clients of the listener with SASL have to trust. */
export function certificateFile(directory: string): string {
  return join(directory, 'broker.pem')
}

/** Writes the configuration, and makes of an empty directory one that brokers start on. What is there is kept. */
export async function prepareStorage(installation: KafkaInstallation, layout: ClusterLayout): Promise<void> {
  const { directory } = layout
  mkdirSync(join(directory, 'tmp'), { recursive: true })
  const ids = brokerIds(layout)
  for (const id of ids) {
    writeFileSync(brokerFiles(directory, id).properties, brokerProperties(layout, id), { mode: 0o600 })
  }
  const clusterId = identify(layout)
  const unformatted = ids.filter((id) => !existsSync(join(brokerFiles(directory, id).data, 'meta.properties')))
  const needsCertificate = layout.sasl && !existsSync(certificateFile(directory))
  await Promise.all([
    ...unformatted.map((id) => format(installation, directory, id, clusterId)),
    ...(needsCertificate ? [makeCertificate(installation, directory)] : []),
  ])
}

/** The cluster's id, the same each time. Data of another number of brokers has voters that would never come. */
function identify({ directory, brokerCount }: ClusterLayout): string {
  const path = join(directory, 'cluster.json')
  if (!existsSync(path)) {
    const clusterId = randomBytes(16).toString('base64url')
    writeFileSync(path, `${JSON.stringify({ clusterId, brokerCount })}\n`)
    return clusterId
  }
  const known = JSON.parse(readFileSync(path, 'utf8')) as { clusterId: string; brokerCount: number }
  if (known.brokerCount !== brokerCount) {
    throw new BrokerError(
      'OTHER_BROKER_COUNT',
      `Cannot start ${brokerCount} broker(s) on the data in ${directory}: it was made by ${known.brokerCount}. ` +
        `Start with --brokers ${known.brokerCount}, or with another --data or --port, or with --fresh, which deletes it.`,
    )
  }
  return known.clusterId
}

async function format(installation: KafkaInstallation, directory: string, id: number, clusterId: string) {
  const credentials = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
    '--add-scram',
    `${mechanism}=[name=${saslUser},password=${saslPassword}]`,
  ])
  const config = brokerFiles(directory, id).properties
  const command = javaCommand(installation, {
    mainClass: 'kafka.tools.StorageTool',
    // As one argument: an id may begin with a dash.
    args: ['format', '--ignore-formatted', `--cluster-id=${clusterId}`, '--config', config, ...credentials],
    jvmArguments: ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'],
    directories: [directory],
  })
  await succeed(command, `format the storage of broker ${id} in ${directory}`)
}

/** One self-signed certificate for all brokers. Java's own tool makes it: it is there wherever a broker can run. */
async function makeCertificate(installation: KafkaInstallation, directory: string): Promise<void> {
  const store = ['-keystore', join(directory, 'broker.p12'), '-storetype', 'PKCS12', '-storepass', storePassword]
  const names = ['-dname', 'CN=localhost', '-ext', 'san=ip:127.0.0.1,dns:localhost']
  const key = ['-alias', 'broker', '-keyalg', 'EC', '-groupname', 'secp256r1', '-validity', '3650']
  const run = (args: readonly string[]) =>
    succeed(keytoolCommand(installation, args, [directory]), `make a certificate in ${directory}`)
  await run(['-genkeypair', ...store, ...key, ...names])
  const file = certificateFile(directory)
  await run(['-exportcert', '-rfc', ...store, '-alias', 'broker', '-file', file])
}

async function succeed({ command, args }: Command, what: string): Promise<void> {
  const done = await runCommand(command, args, { timeoutMs: commandTimeoutMs })
  if (done.status === 0) return
  throw new BrokerError('PREPARATION_FAILED', `Could not ${what}: ${(done.stderr || done.stdout).trim()}`)
}
