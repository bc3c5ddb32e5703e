import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LocalDirectoryStorage } from './local-directory-storage.ts'
import { publishMetadata, readSnapshot } from './open-snapshot.ts'
import type { SnapshotMetadata } from './snapshot.ts'
import { createBlockReaders } from './snapshot-reader.ts'
import { inlineBytesLimit, writeSubtaskSnapshot } from './snapshot-writer.ts'
import type { OperatorStateBytes } from './state-bytes.ts'

const storage = new LocalDirectoryStorage()
let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'snapshot-'))
})
afterEach(() => rm(directory, { recursive: true }))

const bytes = (...values: number[]) => Uint8Array.from(values)
const operators: readonly OperatorStateBytes[] = [
  {
    keyed: {
      states: [
        { name: 'count', kind: 'value', type: { kind: 'int' }, mapKeyType: undefined, isDeclared: true, hasTtl: false },
        {
          name: 'seen',
          kind: 'map',
          type: { kind: 'generic' },
          mapKeyType: { kind: 'string' },
          isDeclared: false,
          hasTtl: true,
        },
      ],
      keyGroups: [
        { keyGroup: 0, keyCounts: [1, 0], bytes: bytes(1, 2, 3) },
        { keyGroup: 3, keyCounts: [0, 2], bytes: bytes(4) },
      ],
    },
    lists: [],
  },
  { keyed: undefined, lists: [] },
  {
    keyed: undefined,
    lists: [
      {
        name: 'splits',
        mode: 'split',
        type: { kind: 'generic' },
        isDeclared: false,
        items: [bytes(1), bytes(), bytes(2, 3), bytes(4)],
      },
      { name: 'rules', mode: 'broadcast', type: { kind: 'string' }, isDeclared: true, items: [bytes(9)] },
    ],
  },
]

async function savepoint(inlineBytesMax: number): Promise<SnapshotMetadata> {
  const snapshot = await writeSubtaskSnapshot({ operators, directory, fileName: 'v-0-1', inlineBytesMax, storage })
  expect(snapshot.stateBytes).toBe(9)
  return {
    kind: 'savepoint',
    checkpointId: 7,
    timestampMs: 1_790_000_000_000,
    jobId: 'ab'.repeat(16),
    jobName: 'wörd count 😀',
    operators: snapshot.operators.map((subtask, i) => ({
      operatorId: String(i).repeat(32),
      uid: i === 0 ? 'counts' : undefined,
      name: `operator ${i}`,
      parallelism: 1,
      maxParallelism: 128,
      coordinator: i === 2 ? bytes(5, 6) : undefined,
      subtasks: [subtask],
    })),
  }
}

for (const inlineBytesMax of [0, 1000]) {
  test(`what a subtask wrote ${inlineBytesMax === 0 ? 'to a file' : 'inline'} is read back, by block and by share`, async () => {
    const metadata = await savepoint(inlineBytesMax)
    await publishMetadata(storage, directory, metadata)
    const opened = await readSnapshot(storage, directory)
    expect(opened).toEqual({ metadata, directory })
    expect(await storage.list(directory)).toEqual(inlineBytesMax === 0 ? ['_metadata', 'v-0-1'] : ['_metadata'])
    const { readBlock, readItems } = createBlockReaders(storage, directory)
    const [counts, , source] = opened.metadata.operators.map(({ subtasks }) => subtasks[0]!)
    const keyed = counts!.keyed!
    expect([...(await readBlock(keyed, 0)), -1, ...(await readBlock(keyed, 1))]).toEqual([1, 2, 3, -1, 4])
    const [splits, rules] = source!.lists
    const read = async (handle: typeof splits, first: number, step: number) =>
      (await readItems({ handle: handle!, first, step })).map((item) => [...item])
    expect(await read(splits, 0, 1)).toEqual([[1], [], [2, 3], [4]])
    expect(await read(splits, 1, 2)).toEqual([[], [4]])
    expect(await read(rules, 0, 1)).toEqual([[9]])
  })
}

test('what was copied is released when it has been written, and when it could not be', async () => {
  const seen: string[] = []
  class WatchedStorage extends LocalDirectoryStorage {
    override async write(path: string, chunks: readonly Uint8Array[]): Promise<void> {
      seen.push('write')
      await super.write(path, chunks)
      seen.push('written')
    }
  }
  const copied = [{ ...operators[0]!, keyed: { ...operators[0]!.keyed!, release: () => seen.push('released') } }]
  const write = (to: string | undefined, inlineBytesMax: number) =>
    writeSubtaskSnapshot({
      operators: copied,
      directory: to,
      fileName: 'f',
      inlineBytesMax,
      storage: new WatchedStorage(),
    })
  await write(directory, 0)
  await expect(write(join(directory, 'absent'), 0)).rejects.toThrow('ENOENT')
  const { operators: placed } = await write(undefined, 1000)
  expect(seen).toEqual(['write', 'written', 'released', 'write', 'released', 'released'])
  const { location } = placed[0]!.keyed!
  expect(location.kind === 'inline' && location.bytes.buffer).not.toBe(operators[0]!.keyed!.keyGroups[0]!.bytes.buffer)
})

test('readSnapshot takes the directory, its _metadata, and file: URLs of either', async () => {
  await publishMetadata(storage, directory, await savepoint(0))
  const paths = [
    directory,
    `${directory}/`,
    `${directory}/_metadata`,
    `file:${directory}`,
    `file://${directory}/_metadata`,
  ]
  for (const path of paths) expect((await readSnapshot(storage, path)).directory).toBe(directory)
})

test('a path without a snapshot is told with the snapshots that are near', async () => {
  const missing = join(directory, 'nothing')
  await expect(readSnapshot(storage, missing)).rejects.toMatchObject({
    code: 'SNAPSHOT_NOT_FOUND',
    message: `Cannot find a snapshot at ${missing}: there is no file ${missing}/_metadata. Give the path that \`millrace savepoint\` printed, or the chk-... directory of a checkpoint.`,
  })
  const metadata = await savepoint(1000)
  const below = ['savepoint-abc', `${'f'.repeat(32)}/chk-12`].map((name) => `${directory}/${name}`)
  for (const path of below) {
    await storage.makeDirectory(path)
    await publishMetadata(storage, path, metadata)
  }
  await expect(readSnapshot(storage, directory)).rejects.toMatchObject({
    code: 'SNAPSHOT_NOT_FOUND',
    facts: { nearby: below },
    message: expect.stringContaining(`There are snapshots in it: ${below.join(', ')}. Give one of them.`),
  })
  await expect(readSnapshot(storage, 'file://elsewhere/x')).rejects.toMatchObject({ code: 'SNAPSHOT_NOT_FOUND' })
})

test('a damaged block is told with its file, name and offset, and those beside it are still read', async () => {
  const [operator] = (await savepoint(0)).operators
  const file = join(directory, 'v-0-1')
  const content = await readFile(file)
  const keyed = operator!.subtasks[0]!.keyed!
  const { offset } = keyed.keyGroups[1]!
  content[offset]! ^= 16
  await writeFile(file, content)
  const { readBlock } = createBlockReaders(storage, directory)
  expect([...(await readBlock(keyed, 0))]).toEqual([1, 2, 3])
  await expect(readBlock(keyed, 1)).rejects.toMatchObject({
    code: 'SNAPSHOT_CORRUPT',
    message: `Cannot read the snapshot file ${file}: key group 3 at offset ${offset} is damaged: its checksum differs. Use another snapshot, or a copy of this one.`,
    facts: { file, block: 'key group 3', offset },
  })
})

test('a data file that is missing, cut off, foreign or newer is refused', async () => {
  const [operator] = (await savepoint(0)).operators
  const keyed = operator!.subtasks[0]!.keyed!
  const file = join(directory, 'v-0-1')
  const content = await readFile(file)
  const attempt = () => createBlockReaders(storage, directory).readBlock(keyed, 1)
  await truncate(file, keyed.keyGroups[1]!.offset)
  await expect(attempt()).rejects.toThrow('key group 3 at offset 51 is damaged: the file ends at 83, the block at 84')
  await writeFile(file, Buffer.concat([Buffer.from('SQLite format 3\0'), content]))
  await expect(attempt()).rejects.toMatchObject({ code: 'SNAPSHOT_FOREIGN' })
  const newer = Buffer.from(content)
  newer[8] = 2
  await writeFile(file, newer)
  await expect(attempt()).rejects.toThrow('file header at offset 0 is damaged: its checksum differs')
  newer.writeUInt32LE((await import('node:zlib')).crc32(newer.subarray(0, 12)), 12)
  await writeFile(file, newer)
  await expect(attempt()).rejects.toThrow('its format has version 2, and this Millrace reads version 1')
  await rm(file)
  await expect(attempt()).rejects.toThrow('file header at offset 0 is damaged: the file is missing')
})

test('without a directory more than 64 MiB of one subtask are refused, with the option that would do', async () => {
  const large: OperatorStateBytes = {
    keyed: { states: [], keyGroups: [{ keyGroup: 0, keyCounts: [], bytes: new Uint8Array(inlineBytesLimit + 1) }] },
    lists: [],
  }
  const write = writeSubtaskSnapshot({
    operators: [large],
    directory: undefined,
    fileName: 'x',
    inlineBytesMax: 0,
    storage,
  })
  await expect(write).rejects.toMatchObject({
    code: 'SNAPSHOT_TOO_LARGE',
    message: expect.stringContaining('Set execution.checkpointing.dir'),
  })
})
