import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runKafkaTool } from '../../scripts/kafka/kafka-tool.ts'
import { kafkaTool, sasl, uniqueName } from './kafka.ts'
import { requireKafka } from './test-cluster.ts'

describe('The listener with SASL over TLS', () => {
  let directory: string
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'millrace-sasl-'))
  })
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  /** Arguments that let one of Kafka's tools in. */
  function credentials(mechanism: string, module: string, password: string): readonly string[] {
    const { bootstrapServers, certificate, username } = sasl()
    const config = join(directory, `${mechanism}-${password}.properties`)
    const trust = join(directory, 'trust.pem')
    writeFileSync(trust, certificate)
    const login = `org.apache.kafka.common.security.${module} required username="${username}" password="${password}";`
    writeFileSync(
      config,
      `security.protocol=SASL_SSL\nsasl.mechanism=${mechanism}\nsasl.jaas.config=${login}\n` +
        `ssl.truststore.type=PEM\nssl.truststore.location=${trust}\n`,
    )
    return ['--bootstrap-server', bootstrapServers, '--command-config', config]
  }

  test('has a certificate that Node trusts by its authority', async () => {
    const { bootstrapServers, certificate } = sasl()
    const port = Number(bootstrapServers.split(':')[1])
    const { promise, resolve, reject } = Promise.withResolvers<boolean>()
    const socket = connect({ host: '127.0.0.1', port, ca: certificate }, () => resolve(socket.authorized))
    socket.on('error', reject)
    expect(await promise).toBe(true)
    socket.destroy()
  })

  test.each([
    ['SCRAM-SHA-256', 'scram.ScramLoginModule'],
    ['SCRAM-SHA-512', 'scram.ScramLoginModule'],
    ['PLAIN', 'plain.PlainLoginModule'],
  ])('lets its user in by %s, and nobody else', async (mechanism, module) => {
    const topic = uniqueName('sasl')
    const at = credentials(mechanism, module, sasl().password)
    await kafkaTool('topics', [...at, '--create', '--topic', topic], { directories: [directory] })
    const listed = await kafkaTool('topics', [...at, '--list'], { directories: [directory] })
    expect(listed.split('\n')).toContain(topic)

    const wrong = [...credentials(mechanism, module, 'wrong'), '--list']
    const refused = await runKafkaTool(await requireKafka(), 'topics', wrong, { directories: [directory] })
    expect(refused.status).toBe(1)
    expect(refused.stdout + refused.stderr).toMatch(/SaslAuthenticationException/)
  })
})
