// What users install: the packed tarballs in a project of their own, outside of this repository, with the README's job.
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, posix } from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codeBlocksOf } from '../docs/code-blocks.ts'
import { repositoryRoot } from '../docs/public-doors.ts'

const packages = ['runtime', 'connectors'] as const
const job = codeBlocksOf('README.md').find(({ name }) => name === 'job.ts')!

let project: string

beforeAll(() => {
  project = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-project-')))
  for (const name of packages) {
    const folder = join(repositoryRoot, 'packages', name)
    succeeded(runIn(folder, 'npx', ['-y', pinnedPnpm(), 'pack', '--pack-destination', project]))
  }
  writeFileSync(join(project, 'package.json'), '{ "name": "project", "private": true, "type": "module" }\n')
  const tarballs = packages.map((name) => `./${tarball(name)}`)
  const quick = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
  succeeded(runIn(project, 'npm', ['install', ...quick, ...tarballs, `@types/node@${version('@types/node')}`]))
  writeFileSync(join(project, 'job.ts'), job.text)
}, 120_000)

afterAll(() => rmSync(project, { recursive: true, force: true }))

describe('A packed package', () => {
  test.each(packages)('has what %s needs, and nothing of its tests', (name) => {
    const { stdout } = succeeded(runIn(project, 'tar', ['-tzf', tarball(name)]))
    const files = stdout.trim().split('\n')
    const roots = new Set(files.map((file) => file.split('/')[1]))
    const expected = ['LICENSE', 'README.md', 'dist', 'package.json', 'src', ...(name === 'runtime' ? ['bin'] : [])]
    expect([...roots].toSorted()).toEqual(expected.toSorted())
    expect(files.filter((file) => /\.(test|bench)\.|tsbuildinfo|\/(src|dist)\/[\w-]+\/testing\//.test(file))).toEqual(
      [],
    )
    // Every module that runs has its source map, and each source is where that says; every door has its types.
    const modules = files.filter((file) => /\/dist\/.*\.js$/.test(file))
    const sources = modules.flatMap((file) => sourcesOf(name, `${file}.map`))
    expect(sources.length).toBeGreaterThan(10)
    expect([...new Set(sources)].filter((file) => !files.includes(file))).toEqual([])
    expect(doorsOf(name).filter((file) => !files.includes(file))).toEqual([])
    // What is bundled is small in number, or each worker thread would take long to start.
    if (name === 'runtime') expect(modules.length).toBeLessThan(40)
  })

  test('shows where in its sources an error of a worker thread came from', () => {
    writeFileSync(join(project, 'stack.mjs'), stackProgram)
    const { stdout, stderr } = runIn(project, process.execPath, ['stack.mjs'])
    const place = /@millrace\/runtime\/src\/state\/state-descriptor\.ts:\d+:\d+/
    expect(stdout, stderr).toMatch(place)
  })

  test('runs the README job by npx millrace', () => {
    const { stdout, stderr, status } = runIn(project, 'npx', ['millrace', 'run', 'job.ts', '-p', '2'])
    expect({ status, lines: stdout.trim().split('\n').length }, stderr).toEqual({ status: 0, lines: 10 })
    expect(stderr).toMatch(/^Job word-count .* FINISHED/m)
  })

  test('has types that a strict program compiles with, libraries checked', () => {
    writeFileSync(join(project, 'program.ts'), consumer)
    const options = '--noEmit --strict --exactOptionalPropertyTypes --module nodenext --target es2024 --types node'
    const tsc = join(repositoryRoot, 'node_modules/.bin/tsc')
    const lib = ['--lib', 'es2024,esnext.disposable', '--skipLibCheck', 'false', '--pretty', 'false']
    const { status, stdout } = runIn(project, tsc, [...options.split(' '), ...lib, 'job.ts', 'program.ts'])
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
  })

  test('has every door that its manifest names', () => {
    const { status, stdout, stderr } = runIn(project, process.execPath, [
      '--input-type=module',
      '--eval',
      `import { readFileSync } from 'node:fs'
      for (const name of ['runtime', 'connectors']) {
        const { exports } = JSON.parse(readFileSync('node_modules/@millrace/' + name + '/package.json', 'utf8'))
        for (const door of Object.keys(exports)) {
          if (door === './package.json') continue
          const names = Object.keys(await import('@millrace/' + name + door.slice(1)))
          if (names.length === 0) throw new Error(door + ' of ' + name + ' is empty')
          console.log(name + door.slice(1))
        }
      }`,
    ])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout.trim().split('\n').length).toBe(12)
  })
})

const consumer = `import { DataGeneratorSource, sequence } from '@millrace/connectors/datagen'
import { DiscardSink } from '@millrace/connectors/discard'
import { FileSink, FileSource } from '@millrace/connectors/file'
import { FunctionSink } from '@millrace/connectors/function'
import { PrintSink } from '@millrace/connectors/print'
import { SocketTextSource } from '@millrace/connectors/socket'
import { defineJob, run, Types, WatermarkStrategy } from '@millrace/runtime'
import type { Sink } from '@millrace/runtime/connector'
import { runInSimulation } from '@millrace/runtime/testing'
import wordCount from './job.js'

export const sinks: readonly Sink<string>[] = [
  new DiscardSink(),
  new PrintSink(),
  FileSink.forSingleFile('out.txt'),
  FunctionSink.from(async (line: string) => void line.length),
]
export const job = defineJob('consumer', (env, args) => {
  const ids = new DataGeneratorSource({ fields: { id: sequence() }, count: 3 })
  const lines = env.fromSource(FileSource.forTextLines([...args]), WatermarkStrategy.noWatermarks(), 'Lines')
  env
    .fromSource(ids, WatermarkStrategy.noWatermarks(), 'Ids')
    .map(({ id }) => String(id))
    .returns(Types.STRING)
    .union(lines, env.fromSource(new SocketTextSource({ host: 'localhost', port: 9 }), WatermarkStrategy.noWatermarks(), 'S'))
    .collect('all')
})
export async function main(): Promise<readonly string[]> {
  const { printed } = await runInSimulation(wordCount, { seed: 1 })
  await using running = await run(new URL('./job.js', import.meta.url), { parallelism: 2 })
  const { durationMs } = await running.result
  return [...printed, String(durationMs), ...running.collected<string>('all')]
}
`

/** As the slots of a job are started, by the package's own entry of worker threads. */
const stackProgram = `import { createRequire } from 'node:module'
import { join, dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
const folder = dirname(createRequire(import.meta.url).resolve('@millrace/runtime/package.json'))
const code = \`const { parentPort, workerData } = require('node:worker_threads')
  require(workerData.entry)
  import(workerData.door).then(({ ValueStateDescriptor }) => {
    try { new ValueStateDescriptor('', 5) } catch (error) { parentPort.postMessage(error.stack) }
  })\`
const workerData = {
  entry: join(folder, 'dist/task/worker-main.js'),
  door: pathToFileURL(join(folder, 'dist/index.js')).href,
}
new Worker(code, { eval: true, workerData }).on('message', (stack) => {
  console.log(stack)
  process.exit()
})
`

/** The files that a source map names, as they are in the tarball. */
function sourcesOf(name: string, map: string): readonly string[] {
  const { stdout } = succeeded(runIn(project, 'tar', ['-xOzf', tarball(name), map]))
  return (JSON.parse(stdout) as { readonly sources: readonly string[] }).sources.map((file) =>
    posix.join(posix.dirname(map), file),
  )
}

/** What the doors of a package's manifest are, as they are in the tarball. */
function doorsOf(name: string): readonly string[] {
  const { stdout } = succeeded(runIn(project, 'tar', ['-xOzf', tarball(name), 'package/package.json']))
  const { exports } = JSON.parse(stdout) as { readonly exports: Readonly<Record<string, string | object>> }
  return Object.values(exports).flatMap((door) =>
    typeof door === 'string'
      ? []
      : Object.values(door as Record<string, string>).map((file) => posix.join('package', file)),
  )
}

interface Manifest {
  readonly version: string
  readonly packageManager: string
  readonly devDependencies: Readonly<Record<string, string>>
}

function manifest(): Manifest {
  return JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as Manifest
}

function tarball(name: string): string {
  return `millrace-${name}-${manifest().version}.tgz`
}

function pinnedPnpm(): string {
  return manifest().packageManager
}

function version(dependency: string): string {
  return manifest().devDependencies[dependency]!
}

/** As a user's shell would run it: this Node first on PATH, and nothing of the npm that runs these tests. */
function runIn(folder: string, program: string, args: readonly string[]): SpawnSyncReturns<string> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD$|NODE_|VITE)/.test(name))
  const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter)
  const env = { ...Object.fromEntries(inherited), ...registrySettings(), PATH }
  return spawnSync(program, args, { cwd: folder, encoding: 'utf8', env })
}

/** How this machine reaches the registry may be said in the environment. */
function registrySettings(): Readonly<Record<string, string | undefined>> {
  const names = /^(npm_config_(registry|cache|.*proxy|cafile|userconfig|globalconfig)|NODE_EXTRA_CA_CERTS)$/i
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => names.test(name)))
}

function succeeded(done: SpawnSyncReturns<string>): SpawnSyncReturns<string> {
  expect(done.status, `${done.error?.message ?? ''}${done.stdout}${done.stderr}`).toBe(0)
  return done
}
