import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { SourceMap, type SourceMapPayload } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { JobDirectory } from './cli/job-directory.ts'
import { Millrace, millrace } from './cli/millrace.ts'

test('A job of several modules finds in its threads what it imports', async () => {
  using directory = new JobDirectory({
    'tsconfig.json': '{ "compilerOptions": { "paths": { "~/*": ["./src/lib/*"] } } }',
    'src/jobs/job.ts': `
      import { readFileSync } from 'node:fs'
      import { isMainThread } from 'node:worker_threads'
      import { defineJob } from '@millrace/runtime'
      import legacy, { shout } from 'legacy'
      import settings from '../settings.json' with { type: 'json' }
      import { greet } from '~/greet.ts'
      import local from '../local.cjs'

      export default defineJob('modules', (env) => {
        const near = new URL('./near.txt', import.meta.url)
        env
          .fromElements('x')
          .flatMap<string>(function* () {
            yield 'in a worker: ' + !isMainThread
            yield greet(settings.name)
            yield shout('commonjs') + legacy.mark
            yield local.where
            yield readFileSync(near, 'utf8').trim()
            yield import.meta.filename
          })
          .print()
      })`,
    'src/jobs/near.txt': 'a file beside the job\n',
    'src/settings.json': '{ "name": "settings" }',
    'src/lib/greet.ts': "export const greet = (name: string): string => 'hello ' + name",
    'src/local.cjs': "module.exports = { where: require('node:path').basename(__filename) }",
    'node_modules/legacy/package.json': '{ "name": "legacy", "main": "index.js" }',
    'node_modules/legacy/index.js': "exports.shout = (text) => text.toUpperCase()\nexports.mark = '!'",
  })
  const { status, stdout, stderr } = await millrace(['run', 'src/jobs/job.ts'], { cwd: directory.path })
  expect({ status, stdout: stdout.split('\n') }, stderr).toEqual({
    status: 0,
    stdout: [
      'in a worker: true',
      'hello settings',
      'COMMONJS!',
      'local.cjs',
      'a file beside the job',
      join(directory.path, 'src/jobs/job.ts'),
      '',
    ],
  })
})

test('What fails in a thread shows its file and line, also in a module that the job imports', async () => {
  using directory = new JobDirectory({
    'job.ts': `
      import { defineJob } from '@millrace/runtime'
      import { halve } from './halve.ts'
      export default defineJob('halves', (env) => {
        env.fromElements(2, 3).map(halve).print()
      })`,
    'halve.ts': `
      type Whole = number
      export function halve(n: Whole): number {
        if (n % 2 === 1) throw new RangeError('odd: ' + n)
        return n / 2
      }`,
  })
  const { status, stderr } = await millrace(['run', 'job.ts', '--verbose'], { cwd: directory.path })
  expect(status).toBe(1)
  expect(stderr).toMatch(/^cause: RangeError: odd: 3\n {4}at .*halve\.ts:4:\d+/m)
})

interface InspectorMessage {
  readonly id?: number
  readonly method?: string
  readonly params?: {
    readonly sessionId?: string
    readonly message?: string
    readonly hitBreakpoints?: readonly string[]
    readonly callFrames?: readonly {
      readonly functionName: string
      readonly location: { readonly lineNumber: number }
    }[]
  }
}

test('A breakpoint in the file of a job stops in its thread, under --inspect', { timeout: 30_000 }, async () => {
  using directory = new JobDirectory({
    'job.ts': `import { defineJob } from '@millrace/runtime'

type Amount = number

function double(n: Amount): Amount {
  return n * 2
}

export default defineJob('debugged', (env) => {
  env.fromElements(21).map(double).print()
})
`,
  })
  // A debugger knows the place in the bundle by the source map, which it reads when the bundle is loaded.
  await millrace(['graph', 'job.ts'], { cwd: directory.path })
  const bundles = join(directory.path, '.millrace')
  const name = readdirSync(bundles).find((each) => /^[0-9a-f]{16}$/.test(each)) ?? ''
  const bundle = join(bundles, name, 'job.mjs')
  const map = new SourceMap(JSON.parse(readFileSync(`${bundle}.map`, 'utf8')) as SourceMapPayload)
  const lineNumber = readFileSync(bundle, 'utf8')
    .split('\n')
    .findIndex((text, line) => {
      const entry = map.findEntry(line, text.search(/\S|$/))
      return 'originalLine' in entry && entry.originalLine === 5
    })

  const program = new Millrace(['run', 'job.ts'], { cwd: directory.path, nodeArgs: ['--inspect-brk=127.0.0.1:0'] })
  await program.until(({ stderr }) => /ws:\S+\s/.test(stderr))
  const socket = new WebSocket(/ws:\S+/.exec(program.stderr)?.[0] ?? '')
  await once(socket, 'open')
  let id = 0
  const send = (method: string, params: object = {}): void => socket.send(JSON.stringify({ id: ++id, method, params }))
  const sendToWorker = (sessionId: string, method: string, params: object = {}): void =>
    send('NodeWorker.sendMessageToWorker', { sessionId, message: JSON.stringify({ id: ++id, method, params }) })
  const stops: unknown[] = []
  socket.addEventListener('message', ({ data }) => {
    const { method, params } = JSON.parse(String(data)) as InspectorMessage
    const sessionId = params?.sessionId ?? ''
    if (method === 'Debugger.paused') send('Debugger.resume')
    if (method === 'NodeWorker.attachedToWorker') {
      sendToWorker(sessionId, 'Debugger.enable')
      sendToWorker(sessionId, 'Debugger.setBreakpointByUrl', { url: pathToFileURL(bundle).href, lineNumber })
      sendToWorker(sessionId, 'Runtime.runIfWaitingForDebugger')
    }
    if (method !== 'NodeWorker.receivedMessageFromWorker') return
    const inner = JSON.parse(params?.message ?? '{}') as InspectorMessage
    if (inner.method !== 'Debugger.paused') return
    // The first stop of a thread is that of --inspect-brk.
    if (inner.params?.hitBreakpoints?.length === 1) {
      const [frame] = inner.params.callFrames ?? []
      stops.push({ functionName: frame?.functionName, lineNumber: frame?.location.lineNumber })
    }
    sendToWorker(sessionId, 'Debugger.resume')
  })
  send('NodeWorker.enable', { waitForDebuggerOnStart: true })
  send('Debugger.enable')
  send('Runtime.runIfWaitingForDebugger')

  await program.until(({ stdout }) => stdout.includes('42'))
  // A debugged program stays until the debugger leaves.
  await program.until(({ stderr }) => stderr.includes('FINISHED'))
  socket.close()
  const { status, stdout } = await program.ended
  expect({ status, stdout, stops }).toEqual({
    status: 0,
    stdout: '42\n',
    stops: [{ functionName: 'double', lineNumber }],
  })
})

test('A job is run by its path from anywhere', async () => {
  using directory = new JobDirectory({
    'jobs/job.ts': `
      import { defineJob } from '@millrace/runtime'
      export default defineJob('far', (env) => { env.fromElements('found').print() })`,
  })
  const { status, stdout } = await millrace(['run', join(directory.path, 'jobs/job.ts')], { cwd: '/' })
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'found\n' })
})
