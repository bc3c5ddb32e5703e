import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { type JobHandle, run } from '@millrace/runtime'
import { BrokerError } from '../../../../scripts/kafka/broker-error.ts'
import { AttachedJob } from './attached-job.ts'
import { createTopics } from './create-topics.ts'
import { type DemoBroker, startDemoBroker } from './demo-broker.ts'
import { type DemoOptions, demoOptions } from './demo-options.ts'
import { StopSignals } from './stop-signals.ts'

/** Names that nobody else's topics and groups have, for the broker may be somebody's. */
const names = { orders: 'millrace-demo-orders', totals: 'millrace-demo-totals', group: 'millrace-demo' }
const partitionCount = 4

/** What `npm start -- kafka` was asked for. */
export interface DemoRequest {
  /** The file that `npx millrace` runs. */
  readonly program: string
  /** The file of orders-by-customer. */
  readonly jobFile: string
  /** Options of `millrace run`. */
  readonly millraceOptions: readonly string[]
  /** The demo's own. */
  readonly args: readonly string[]
}

/**
 * Brings up a broker, a shop that writes orders to it, and the job orders-by-customer with its live view. When the job ends,
 * or the user ends it, all of it goes. Answers the exit status.
 */
export async function kafkaDemo(request: DemoRequest): Promise<number> {
  // A terminal that was closed takes no more text, which is no reason to leave a broker behind.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  let options: DemoOptions
  try {
    options = demoOptions(request.args)
    if (request.millraceOptions.some((option) => option === '-d' || option === '--detached')) {
      throw new Error('The demo ends with its job, so that it cannot be left in the background by -d')
    }
  } catch (error) {
    console.error(`error: ${(error as Error).message}\nhint: npm start -- --help shows what there is`)
    return 2
  }
  using signals = new StopSignals()
  try {
    return await runWithBroker(options, request, signals)
  } catch (error) {
    if (signals.first.aborted) return signals.exitStatus
    const isExpected = error instanceof BrokerError || (error as { code?: unknown }).code !== undefined
    if (!isExpected) throw error
    console.error(`error: ${(error as Error).message}`)
    return 1
  }
}

async function runWithBroker(options: DemoOptions, request: DemoRequest, signals: StopSignals): Promise<number> {
  const broker = await startDemoBroker(signals.first)
  try {
    signals.first.throwIfAborted()
    await createTopics(broker.bootstrapServers, [names.orders, names.totals], partitionCount)
    signals.first.throwIfAborted()
    return await runWithShop(options, request, broker, signals)
  } finally {
    const kill = () => void broker.kill()
    if (signals.second.aborted) kill()
    signals.second.addEventListener('abort', kill)
    await broker.stop()
  }
}

async function runWithShop(
  options: DemoOptions,
  request: DemoRequest,
  broker: DemoBroker,
  signals: StopSignals,
): Promise<number> {
  const shop = await run(new URL('./produce-orders.ts', import.meta.url), {
    args: ['--brokers', broker.bootstrapServers, '--output', names.orders, '--rate', String(options.rate)],
  })
  const checkpoints = mkdtempSync(join(tmpdir(), 'millrace-demo-'))
  try {
    signals.first.throwIfAborted()
    console.error(introduction(broker, options))
    const { program, jobFile, millraceOptions } = request
    const topics = ['--input', names.orders, '--output', names.totals, '--group', names.group]
    const jobArgs = ['--brokers', broker.bootstrapServers, ...topics, '--checkpoints', checkpoints]
    const job = new AttachedJob(program, ['run', jobFile, ...millraceOptions, '--', ...jobArgs])
    return await untilEnded(job, shop, signals)
  } finally {
    await shop.cancel()
    rmSync(checkpoints, { recursive: true, force: true })
  }
}

/** The job ends by itself, or by the user, or because no orders come any more. */
async function untilEnded(job: AttachedJob, shop: JobHandle, signals: StopSignals): Promise<number> {
  const cancel = () => job.signal('SIGINT')
  for (const signal of [signals.first, signals.second]) signal.addEventListener('abort', cancel)
  let shopFailure: Error | undefined
  shop.result.catch((error: Error) => {
    shopFailure = error
    cancel()
  })
  const status = await job.ended
  if (shopFailure === undefined) return status
  console.error(`error: The shop of the demo failed: ${shopFailure.message}`)
  return 1
}

function introduction({ description, bootstrapServers }: DemoBroker, { rate }: DemoOptions): string {
  const tool = 'npm run --silent kafka:tool --'
  const server = `--bootstrap-server ${bootstrapServers}`
  return `${description}
A shop writes ${rate} order${rate === 1 ? '' : 's'} a second to topic ${names.orders}; the totals of its customers go to ${names.totals}.
Look at them from another terminal:
  ${tool} console-consumer ${server} --topic ${names.totals} --isolation-level read_committed
  ${tool} consumer-groups ${server} --describe --group ${names.group}
Ctrl-C ends all of it.`
}
