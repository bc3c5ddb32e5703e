// What cannot be restored, taken or rescaled: the exit code, one clear line on stderr, what would do; and nothing is changed.
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { Millrace, millrace } from './millrace.ts'

// Each is a process with threads of its own, and whoever runs the tests may have two cores.
vi.setConfig({ maxConcurrency: 2 })

const job = fileURLToPath(new URL('../jobs/evolving.job.ts', import.meta.url))
const root = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-bad-snapshots-')))
const env = { MILLRACE_HOME: join(root, 'home') }
const whole = join(root, 'whole')
const notDirectory = join(root, 'a-file')
/** More than any run here reads, so that the source has state wherever it is stopped. */
const count = 10_000

/** Two of the same job, whose ids begin alike if their first digit does. */
let running: Millrace
let id: string

function idOf({ stderr }: Millrace): string {
  return /^Job has been submitted with JobID ([0-9a-f]{32})$/m.exec(stderr)?.[1] ?? ''
}

function run(options: readonly string[], version: string, perSecond = 0): Millrace {
  const args = ['run', ...options, job, '--', version, String(count), String(perSecond)]
  return new Millrace(args, { env, timeoutMs: 60_000 })
}

/** Every file below a directory, with its bytes. */
function contentOf(directory: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>()
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    const name = relative(directory, path)
    // What runs are noted in is not what they work on.
    if (entry.isFile() && !name.startsWith('home')) files.set(name, readFileSync(path).toString('base64'))
  }
  return files
}

/** Copies the savepoint, and changes one file of it. */
function damaged(name: string, isDamaged: (file: string) => boolean, change: (bytes: Buffer) => Buffer): string {
  const copy = join(root, name)
  cpSync(whole, copy, { recursive: true })
  const file = readdirSync(copy).sort().find(isDamaged)
  if (file === undefined) throw new Error(`there is no such file in ${readdirSync(copy).join()}`)
  writeFileSync(join(copy, file), change(readFileSync(join(copy, file))))
  return copy
}

function flipped(at: number): (bytes: Buffer) => Buffer {
  return (bytes) => {
    bytes[at] = bytes[at]! ^ 0x10
    return bytes
  }
}

const isMetadata = (file: string): boolean => file === '_metadata'
const isData = (file: string): boolean => file !== '_metadata'

beforeAll(async () => {
  writeFileSync(notDirectory, 'not a directory')
  running = run(['-p', '2', '-D', 'rest.port=0', '-D', 'pipeline.max-parallelism=16'], 'first', 200)
  await running.until((seen) => idOf(seen) !== '')
  id = idOf(running)
  // Until there is something of each key.
  await new Promise((resolve) => setTimeout(resolve, 1_200))
  const taken = await millrace(['savepoint', id, join(root, 'savepoints'), '--json'], { env })
  expect(taken.status, taken.stderr).toBe(0)
  cpSync((JSON.parse(taken.stdout) as { readonly path: string }).path, whole, { recursive: true })
  rmSync(join(root, 'savepoints'), { recursive: true })
}, 60_000)

afterAll(async () => {
  running.child.kill('SIGKILL')
  await running.ended
  rmSync(root, { recursive: true, force: true })
})

/** What it says on stderr is `error: ...` and mostly `hint: ...`, behind how far it came, and never a stack. */
async function expectRefusal(args: readonly string[], status: number, error: RegExp, remedy: RegExp): Promise<void> {
  const ended = await millrace(args, { env, timeoutMs: 60_000 })
  expect(ended.status, ended.stderr).toBe(status)
  const said = ended.stderr.slice(ended.stderr.search(/^error: /m)).replaceAll('\n', ' ')
  expect(said).toMatch(/^error: /)
  expect(said).toMatch(error)
  expect(said).toMatch(remedy)
  expect(ended.stderr).not.toMatch(/^\s+at .*:\d+/m)
  expect(ended.stdout).not.toMatch(/complete|error/i)
}

interface BadSnapshot {
  readonly path: () => string
  readonly error: RegExp
  readonly remedy: RegExp
}

const otherSnapshot = /Use another snapshot, or a copy of this one/

const badSnapshots: Readonly<Record<string, BadSnapshot>> = {
  'a path that does not exist': {
    path: () => join(root, 'nothing'),
    error: /Cannot find a snapshot at \S*nothing: there is no file \S*_metadata/,
    remedy: /path that `millrace savepoint` printed/,
  },
  'a directory that is no snapshot': {
    path: () => {
      mkdirSync(join(root, 'empty'))
      return join(root, 'empty')
    },
    error: /Cannot find a snapshot at .*empty/,
    remedy: /path that `millrace savepoint` printed/,
  },
  'a path below a file': {
    path: () => join(notDirectory, 'savepoint'),
    error: /Cannot find a snapshot at .*a-file/,
    remedy: /path that `millrace savepoint` printed/,
  },
  'metadata that is cut short': {
    path: () => damaged('short', isMetadata, (bytes) => bytes.subarray(0, 100)),
    error: /_metadata: its body at offset 48 is damaged: it should have \d+ bytes, and has 52/,
    remedy: otherSnapshot,
  },
  'metadata that is empty': {
    path: () => damaged('hollow', isMetadata, () => Buffer.alloc(0)),
    error: /hollow\/_metadata/,
    remedy: /Use (?:another|a) snapshot/,
  },
  'a flipped bit in the metadata': {
    path: () => damaged('bit', isMetadata, flipped(200)),
    error: /bit\/_metadata: its body at offset 48 is damaged: its digest differs/,
    remedy: otherSnapshot,
  },
  'a foreign file for its metadata': {
    path: () =>
      damaged('foreign', isMetadata, () => Buffer.from('PK\x03\x04 something else altogether, and long enough')),
    error: /foreign\/_metadata: it is not the metadata of a snapshot/,
    remedy: /Use a snapshot that this version/,
  },
  'the format of a newer Millrace': {
    path: () =>
      damaged('newer', isMetadata, (bytes) => {
        bytes.writeUInt32LE(2, 8)
        return bytes
      }),
    error: /newer\/_metadata: its format has version 2, and this Millrace reads version 1/,
    remedy: /newer Millrace/,
  },
  'a data file that is cut short': {
    path: () => damaged('short-data', isData, (bytes) => bytes.subarray(0, bytes.length / 2)),
    error: /Cannot read the snapshot file \S*short-data\/\S+: .* at offset \d+ is damaged/,
    remedy: otherSnapshot,
  },
  'a flipped bit in a data file': {
    path: () => damaged('bit-data', isData, (bytes) => flipped(bytes.length >> 1)(bytes)),
    error:
      /Cannot read the snapshot file \S*bit-data\/\S+: key group \d+ at offset \d+ is damaged: its checksum differs/,
    remedy: otherSnapshot,
  },
  'a foreign data file': {
    path: () => damaged('foreign-data', isData, (bytes) => Buffer.alloc(bytes.length, 'x')),
    error: /Cannot read the snapshot file \S*foreign-data\/\S+: it is not/,
    remedy: /Use a snapshot that this version/,
  },
  'a data file that is missing': {
    path: () => {
      const copy = damaged('missing-data', isData, (bytes) => bytes)
      rmSync(join(copy, readdirSync(copy).sort().find(isData)!))
      return copy
    },
    error:
      /Cannot read the snapshot file \S*missing-data\/\S+: file header at offset 0 is damaged: the file is missing/,
    remedy: otherSnapshot,
  },
}

describe('millrace run -s refuses', () => {
  test('nothing that is whole', async () => {
    expect(readdirSync(whole).filter(isData).length).toBeGreaterThan(0)
    const { status, stderr } = await run(['-s', whole], 'first').ended
    expect({ status, problems: stderr.split('\n').filter((line) => /error|WARN/.test(line)) }).toEqual({
      status: 0,
      problems: [],
    })
  })

  test.concurrent.each(Object.entries(badSnapshots))('%s', async (_, { path, error, remedy }) => {
    const from = path()
    const isThere = statSync(from, { throwIfNoEntry: false })?.isDirectory() ?? false
    const before = isThere ? contentOf(from) : undefined
    await expectRefusal(['run', '-s', from, job, '--', 'first', String(count), '0'], 1, error, remedy)
    if (isThere) expect(contentOf(from)).toEqual(before)
    else expect(statSync(from, { throwIfNoEntry: false })).toBeUndefined()
  })

  const ofVersion = (version: string, ...options: readonly string[]): readonly string[] => [
    ...['run', '-s', whole, ...options],
    ...[job, '--', version, String(count), '0'],
  ]

  test.concurrent.each<[string, readonly string[], number, RegExp, RegExp]>([
    [
      'state of an operator that the job has no more',
      ofVersion('without'),
      1,
      /"totals".*total.*(?:bytes|KiB|MiB|kB|MB)/,
      /--drop-state totals, or all such state with -n/,
    ],
    [
      'state of an operator that has another uid now',
      ofVersion('other-uid'),
      1,
      /"totals".*"total"/,
      /-n|--drop-state/,
    ],
    [
      'state of another type',
      ofVersion('changed'),
      1,
      /"total" .*\{sum: long, note: string\}, and \{sum: string, note: string\}/,
      /`migrate`/,
    ],
    ['a uid to drop that nothing has', ofVersion('first', '--drop-state', 'totels'), 1, /totels.*totals/, /totals/],
    [
      'a parallelism above the max parallelism',
      ofVersion('first', '-p', '17'),
      2,
      /17.*max parallelism 16/,
      /16 or less/,
    ],
    [
      'another max parallelism',
      ofVersion('first', '-D', 'pipeline.max-parallelism=32'),
      1,
      /max parallelism 16.*max parallelism 32/,
      /Set it to 16, or leave it unset/,
    ],
  ])('%s', async (_, args, status, error, remedy) => {
    const before = contentOf(whole)
    await expectRefusal(args, status, error, remedy)
    expect(contentOf(whole)).toEqual(before)
  })

  test.concurrent.each<[string, readonly string[], RegExp]>([
    ['-n leaves out state that the job has no more', ofVersion('without', '-n'), /"totals".*left out \(-n\)/],
    [
      '--drop-state leaves out that of one operator',
      ofVersion('without', '--drop-state', 'totals'),
      /"totals".*left out/,
    ],
    ['migrate makes values of the new type', ofVersion('migrating'), /^/],
  ])('but %s', async (_, args, note) => {
    const { status, stderr } = await millrace([...args.slice(0, 1), '--log-level', 'info', ...args.slice(1)], {
      env,
      timeoutMs: 60_000,
    })
    expect(status, stderr).toBe(0)
    expect(stderr).toMatch(note)
  })
})

describe('of a running job', () => {
  test('what cannot be done is refused, and it goes on', async () => {
    const directory = join(notDirectory, 'below')
    await expectRefusal(['savepoint', id, notDirectory], 1, /Cannot make the directory .*a-file/, /the job goes on/)
    await expectRefusal(['savepoint', id, directory], 1, /Cannot make the directory .*below/, /the job goes on/)
    await expectRefusal(['stop', id, '-p', directory], 1, /Cannot make the directory .*below/, /the job goes on/)
    await expectRefusal(['savepoint', id], 2, /savepoint-dir/, /./)
    await expectRefusal(['rescale', id, '-p', '17'], 1, /17.*max parallelism is 16/, /runs on as it was/)
    await expectRefusal(['rescale', id, '-p', '2'], 1, /has that parallelism already/, /runs on as it was/)
    await expectRefusal(['savepoint', 'dead'], 1, /No running job has the id "dead"/, new RegExp(id))
    expect(readFileSync(notDirectory, 'utf8')).toBe('not a directory')
    const { stdout } = await millrace(['list', '--json'], { env })
    expect((JSON.parse(stdout) as { jobs: unknown[] }).jobs).toMatchObject([{ id, status: 'RUNNING' }])
  })

  test('an abbreviated id that could be two is refused, and names both', async () => {
    // As if another job ran, whose id begins alike.
    const other = `${id.slice(0, 31)}${id.endsWith('0') ? '1' : '0'}`
    const entry = JSON.parse(readFileSync(join(env.MILLRACE_HOME, 'jobs', `${id}.json`), 'utf8')) as object
    const file = join(env.MILLRACE_HOME, 'jobs', `${other}.json`)
    writeFileSync(file, JSON.stringify({ ...entry, id: other }), { mode: 0o600 })
    await expectRefusal(
      ['cancel', id.slice(0, 8)],
      1,
      new RegExp(`${id.slice(0, 8)}.*(?:${id}.*${other}|${other}.*${id})`),
      /./,
    )
    rmSync(file)
    const { stdout } = await millrace(['list', '--json'], { env })
    expect((JSON.parse(stdout) as { jobs: unknown[] }).jobs).toMatchObject([{ id, status: 'RUNNING' }])
  })
})
