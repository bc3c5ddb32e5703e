// `npm start -- kafka` once everything is installed and built, as somebody in a terminal sees and ends it.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { requestMetadata } from '../../../scripts/kafka/metadata-request.ts'
import { brokers, kafkaTool } from '../kafka.ts'

const main = fileURLToPath(new URL('../../../packages/examples/src/main.ts', import.meta.url))
const kafkaCommand = fileURLToPath(new URL('../../../scripts/kafka/main.ts', import.meta.url))

/** Of this test alone: what its processes have in their environment, and where their files are. */
let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'millrace-demo-test-'))
})
afterEach(() => {
  for (const pid of processes()) process.kill(pid, 'SIGKILL')
  rmSync(home, { recursive: true, force: true })
})

function environment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { KAFKA_BROKERS: _, ...env } = process.env
  return { ...env, MILLRACE_HOME: home, TMPDIR: home, INIT_CWD: home, NO_COLOR: '1', ...more }
}

/** All that were started with this test's home in their environment. */
function processes(): readonly number[] {
  const { stdout } = spawnSync('ps', ['axeww', '-o', 'pid=,stat=,command='], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  const lines = stdout.split('\n').filter((line) => line.includes(`MILLRACE_HOME=${home}`))
  return lines.flatMap((line) => {
    const [, pid, state] = /^ *(\d+) (\S+)/.exec(line) ?? []
    return pid === undefined || state?.startsWith('Z') === true ? [] : [Number(pid)]
  })
}

/** What is left of it: processes, and files but for what Java itself forgets. */
function remains(): { readonly processes: readonly number[]; readonly files: readonly string[] } {
  const files = readdirSync(home, { recursive: true, encoding: 'utf8' }).filter(
    (name) => !/^(kafka|jobs|hsperf)/.test(name),
  )
  const clusters = existsSync(join(home, 'kafka')) ? readdirSync(join(home, 'kafka')) : []
  return { processes: processes(), files: [...files, ...clusters] }
}

const nothing = { processes: [], files: [] }

class Demo {
  readonly child: ChildProcess
  readonly ended: Promise<number | NodeJS.Signals>
  stderr = ''
  #onOutput: () => void = () => {}

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = environment()) {
    this.child = spawn(process.execPath, [main, 'kafka', ...args], {
      cwd: dirname(main),
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
      // A group of its own, as a terminal makes it: Ctrl-C goes to the group.
      detached: true,
    })
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
      this.#onOutput()
    })
    this.ended = once(this.child, 'close').then(([status, signal]) => {
      this.#onOutput()
      return (status ?? signal) as number | NodeJS.Signals
    })
  }

  async until(text: RegExp): Promise<void> {
    while (!text.test(this.stderr)) {
      expect(this.child.exitCode ?? this.child.signalCode, this.stderr).toBeNull()
      await new Promise<void>((resolve) => {
        this.#onOutput = resolve
      })
    }
  }

  ctrlC(): void {
    process.kill(-this.child.pid!, 'SIGINT')
  }
}

// Each of them starts a broker and two jobs, which takes long where many share few processors.
describe('npm start -- kafka', { timeout: 240_000 }, () => {
  test('brings broker, shop and job up, and Ctrl-C ends all of it', async () => {
    const demo = new Demo(['--rate', '200'])
    await demo.until(/Job has been submitted/)
    const [, server = '', port = ''] = /Kafka \S+ at (127\.0\.0\.1:(\d+)), started in/.exec(demo.stderr) ?? []
    expect(demo.stderr).toMatch('A shop writes 200 orders a second to topic millrace-demo-orders;')
    const reading = ['--topic', 'millrace-demo-totals', '--isolation-level', 'read_committed', '--max-messages', '300']
    const text = await kafkaTool('console-consumer', ['--bootstrap-server', server, '--from-beginning', ...reading])
    const totals = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { customer: string; orders: number })
    // Totals that are each there once, in order.
    const seen = new Map<string, number>()
    for (const { customer, orders } of totals) {
      expect({ customer, orders }).toEqual({ customer, orders: (seen.get(customer) ?? 0) + 1 })
      seen.set(customer, orders)
    }
    expect(totals).toHaveLength(300)

    demo.ctrlC()
    expect(await demo.ended, demo.stderr).toBe(130)
    expect(demo.stderr).toMatch(/^Job orders-by-customer \(\w+\) CANCELED after/m)
    expect(remains()).toEqual(nothing)
    await expect(requestMetadata('127.0.0.1', Number(port), 5_000)).rejects.toThrow('ECONNREFUSED')
  })

  test('ends at once while Kafka still starts', async () => {
    const demo = new Demo([])
    await demo.until(/Starting Kafka/)
    demo.ctrlC()
    expect(await demo.ended, demo.stderr).toBe(130)
    expect(demo.stderr).toBe('Starting Kafka ...\n')
    expect(remains()).toEqual(nothing)
  })

  test('leaves no job behind when it is killed; its Kafka goes with the next command', async () => {
    const demo = new Demo([])
    await demo.until(/Job has been submitted/)
    demo.child.kill('SIGKILL')
    await demo.ended
    // Of processes with this home the broker alone is left.
    while (processes().length > 1) await new Promise((resolve) => setTimeout(resolve, 50))
    const { stdout } = spawnSync(process.execPath, [kafkaCommand, 'status'], { env: environment(), encoding: 'utf8' })
    expect(stdout).toBe('No Kafka of ours runs.\n')
    expect(processes()).toEqual([])
  })

  test('uses the broker that KAFKA_BROKERS names', async () => {
    const demo = new Demo(['--rate', '50', '-p', '1'], environment({ KAFKA_BROKERS: brokers() }))
    await demo.until(/Job has been submitted/)
    demo.ctrlC()
    expect(await demo.ended, demo.stderr).toBe(130)
    expect(demo.stderr).toMatch(new RegExp(`^Kafka at ${brokers()}$`, 'm'))
    expect(demo.stderr).toMatch(/^Source: Orders -> One order +1 +\d+/m)
    expect(remains()).toEqual(nothing)
    await kafkaTool('topics', ['--bootstrap-server', brokers(), '--list'])
  })
})
