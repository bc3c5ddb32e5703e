// Brokers in containers. Where Kafka runs from jars, a script stands in for Docker, so that the way there is tried everywhere.
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { KafkaCluster } from '../../scripts/kafka/kafka-cluster.ts'
import type { KafkaInstallation } from '../../scripts/kafka/kafka-installation.ts'
import { jarsDirectory } from '../../scripts/kafka/kafka-jars.ts'
import { runKafkaTool } from '../../scripts/kafka/kafka-tool.ts'
import { requestMetadata } from '../../scripts/kafka/metadata-request.ts'
import { dataDirectory } from './data-directory.ts'
import { freeClusterPort, requireKafka } from './test-cluster.ts'

let directory: string
let installation: KafkaInstallation

beforeAll(async () => {
  directory = mkdtempSync(join(dataDirectory(), 'millrace-docker-'))
  installation = await requireKafka()
  if (installation.kind === 'docker') return
  copyFileSync(fileURLToPath(new URL('fake-docker.sh', import.meta.url)), join(directory, 'docker'))
  process.env.PATH = `${directory}:${process.env.PATH}`
  process.env.MILLRACE_FAKE_DOCKER = directory
  process.env.MILLRACE_FAKE_LIBS = join(jarsDirectory(process.env), 'lib')
  installation = { kind: 'docker', version: installation.version, image: `apache/kafka:${installation.version}` }
})

afterAll(() => rmSync(directory, { recursive: true, force: true }))

test('A broker in a container is started, killed, started again and stopped like any other', async () => {
  const port = await freeClusterPort()
  await using cluster = await KafkaCluster.start(join(directory, 'home'), installation, {
    directory: join(directory, 'cluster'),
    port,
    brokerCount: 1,
    sasl: true,
    properties: {},
    heapMb: 384,
    isTemporary: true,
    isQuick: true,
  })
  const isThere = () =>
    requestMetadata('127.0.0.1', port, 5_000).then(
      () => true,
      () => false,
    )
  expect(await isThere()).toBe(true)
  expect(cluster.sasl?.certificate).toMatch(/^-----BEGIN CERTIFICATE-----$/m)
  await cluster.killBroker(1)
  expect(await isThere()).toBe(false)
  await cluster.startBroker(1)
  const listed = await runKafkaTool(installation, 'topics', ['--bootstrap-server', cluster.bootstrapServers, '--list'])
  expect(listed).toEqual({ status: 0, stdout: '\n', stderr: '' })
  await cluster.stop()
  expect({ isThere: await isThere(), data: existsSync(cluster.directory) }).toEqual({ isThere: false, data: false })
})
