// pnpm kafka:start|stop|kill|status: Kafka on this machine, for tests and demos.
import { rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { BrokerError } from './broker-error.ts'
import { brokerCountMax } from './broker-properties.ts'
import { clustersDirectory } from './cluster-state.ts'
import { askExternalBrokers } from './external-brokers.ts'
import { KafkaCluster } from './kafka-cluster.ts'
import { type KafkaInstallation, requireKafka } from './kafka-installation.ts'
import { attachKafkaTool, type KafkaToolName, kafkaToolNames } from './kafka-tool.ts'

const usage = `Usage: kafka <command> [options]

  start     starts Kafka on 127.0.0.1, and those of its brokers that do not run
  stop      ends it in order; its data stays
  kill      ends it as a crash would
  status    what runs; its exit status is 1 if nothing does
  tool NAME [arguments]   runs one of Kafka's own tools on it: ${kafkaToolNames.join(', ')}

  --port N            the first broker's port (9092)
  --brokers N         how many brokers (1); their ports follow each other
  --broker N          stop, kill: only this one, from 1 on
  --sasl              start: one more listener, 20 ports up, with SASL (SCRAM, PLAIN) over TLS
  --data DIRECTORY    start: where the data is (default: a place of its own for each port)
  --fresh             start: deletes the data that is there
  --heap MB           start: heap of each broker (384)
  --property KEY=VALUE   start: one of Kafka's properties; may be given again

KAFKA_BROKERS=host:port names a broker that is there already: nothing is started, and status asks it.`

const [command = '', ...rest] = process.argv.slice(2)
try {
  process.exitCode = await main(command, rest)
} catch (error) {
  const isExpected = error instanceof BrokerError || (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS')
  if (!isExpected) throw error
  console.error((error as Error).message)
  process.exitCode = 1
}

async function main(command: string, args: readonly string[]): Promise<number> {
  if (command === 'tool') return tool(args)
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string' },
      brokers: { type: 'string' },
      broker: { type: 'string' },
      sasl: { type: 'boolean' },
      data: { type: 'string' },
      fresh: { type: 'boolean' },
      heap: { type: 'string' },
      property: { type: 'string', multiple: true },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help === true || !['start', 'stop', 'kill', 'status'].includes(command)) {
    console[values.help === true ? 'log' : 'error'](usage)
    return values.help === true ? 0 : 1
  }
  const external = process.env.KAFKA_BROKERS ?? ''
  if (external !== '') return useExternal(command, external)

  const home = clustersDirectory()
  const port = integer('--port', values.port ?? '9092', 1, 65_000)
  const broker = values.broker === undefined ? undefined : integer('--broker', values.broker, 1, brokerCountMax)
  const installation = await requireKafka()
  if (command === 'start') {
    const directory = resolve(values.data ?? join(home, String(port)))
    const running = KafkaCluster.find(home, installation, port)
    if (values.fresh === true) {
      await running?.kill()
      rmSync(directory, { recursive: true, force: true })
    }
    const startedAt = performance.now()
    const cluster = await KafkaCluster.start(home, installation, {
      directory,
      port,
      brokerCount: integer('--brokers', values.brokers ?? '1', 1, brokerCountMax),
      sasl: values.sasl ?? false,
      properties: Object.fromEntries((values.property ?? []).map(propertyOf)),
      heapMb: integer('--heap', values.heap ?? '384', 128, 1 << 20),
      isTemporary: false,
    })
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
    console.log(`Kafka ${cluster.version} answers at ${cluster.bootstrapServers} (${seconds} s)`)
    if (cluster.sasl !== undefined) {
      const { bootstrapServers, username, password } = cluster.sasl
      console.log(`SASL over TLS: ${bootstrapServers} as ${username} with ${password}`)
      console.log(`certificate to trust: ${join(directory, 'broker.pem')}`)
    }
    console.log(`data and logs: ${cluster.directory}`)
    return 0
  }
  await KafkaCluster.sweep(home, installation)
  const cluster = KafkaCluster.find(home, installation, port)
  if (command === 'status') return status(KafkaCluster.findAll(home, installation))
  if (cluster === undefined) {
    console.log(`Kafka does not run on port ${port}.${otherPorts(home, installation)}`)
    return command === 'stop' ? 0 : 1
  }
  switch (command) {
    case 'stop':
      await (broker === undefined ? cluster.stop() : cluster.stopBroker(broker))
      break
    case 'kill':
      await (broker === undefined ? cluster.kill() : cluster.killBroker(broker))
      break
  }
  const what = broker === undefined ? `Kafka on port ${port}` : `Broker ${broker} of Kafka on port ${port}`
  console.log(`${what} was ${command === 'stop' ? 'stopped' : 'killed'}.`)
  return 0
}

function status(clusters: readonly KafkaCluster[]): number {
  for (const cluster of clusters) {
    console.log(`Kafka ${cluster.version}, ${cluster.directory}`)
    for (const { id, address, pid } of cluster.status()) {
      console.log(`  broker ${id}  ${address}  ${pid === undefined ? 'does not run' : `runs, process ${pid}`}`)
    }
  }
  if (clusters.length === 0) console.log('No Kafka of ours runs.')
  return clusters.length === 0 ? 1 : 0
}

async function tool(args: readonly string[]): Promise<number> {
  const [name = '', ...rest] = args
  if (!kafkaToolNames.includes(name as KafkaToolName)) {
    throw new BrokerError('UNKNOWN_TOOL', `There is no tool "${name}". There are: ${kafkaToolNames.join(', ')}`)
  }
  return attachKafkaTool(await requireKafka(), name as KafkaToolName, rest)
}

async function useExternal(command: string, brokers: string): Promise<number> {
  if (command === 'stop' || command === 'kill') {
    throw new BrokerError('NOT_OURS', `Cannot ${command} ${brokers}: KAFKA_BROKERS names it, and it is not ours.`)
  }
  const known = await askExternalBrokers(brokers)
  console.log(
    `KAFKA_BROKERS=${brokers} answers: ${known.map(({ id, host, port }) => `${id} ${host}:${port}`).join(', ')}`,
  )
  return 0
}

function otherPorts(home: string, installation: KafkaInstallation): string {
  const ports = KafkaCluster.findAll(home, installation).map(({ port }) => port)
  return ports.length === 0 ? '' : ` It runs on ${ports.join(', ')}: --port.`
}

function propertyOf(text: string): [string, string] {
  const at = text.indexOf('=')
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)]
  throw new BrokerError('INVALID_OPTION', `--property takes KEY=VALUE, and was given "${text}"`)
}

function integer(name: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new BrokerError('INVALID_OPTION', `${name} takes a whole number from ${min} to ${max}, and was given "${text}"`)
}
