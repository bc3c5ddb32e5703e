import { expect, test } from 'vitest'
import type { KeyedStateHandle } from './snapshot.ts'
import { createBlockReaders } from './snapshot-reader.ts'
import { writeSubtaskSnapshot } from './snapshot-writer.ts'
import { MemoryStorage } from './testing/memory-storage.ts'

const MiB = 1024 * 1024

async function written(lengths: readonly number[]): Promise<{ storage: MemoryStorage; handle: KeyedStateHandle }> {
  const storage = new MemoryStorage()
  const keyGroups = lengths.map((length, keyGroup) => ({
    keyGroup,
    keyCounts: [],
    bytes: new Uint8Array(length).fill(keyGroup),
  }))
  const operators = [{ keyed: { states: [], keyGroups }, lists: [] }]
  const snapshot = await writeSubtaskSnapshot({ operators, directory: '/s', fileName: 'f', inlineBytesMax: 0, storage })
  return { storage, handle: snapshot.operators[0]!.keyed! }
}

/** The first byte and the length of each block; then where the file was read, headers aside. */
async function readAll(storage: MemoryStorage, handle: KeyedStateHandle) {
  const { readBlock } = createBlockReaders(storage, '/s')
  const blocks: (readonly [number, number])[] = []
  for (const index of handle.keyGroups.keys()) {
    const bytes = await readBlock(handle, index)
    blocks.push([bytes[0]!, bytes.length])
  }
  return { blocks, reads: storage.reads.slice(1) }
}

test('blocks that lie side by side are read at once, up to 4 MiB; a larger one is read by itself', async () => {
  const lengths = [100, 200, 3 * MiB, MiB, 5 * MiB, 7]
  const { storage, handle } = await written(lengths)
  const { blocks, reads } = await readAll(storage, handle)
  expect(blocks).toEqual(lengths.map((length, i) => [i, length]))
  const start = (index: number) => handle.keyGroups[index]!.offset - 32
  const end = (index: number) => handle.keyGroups[index]!.offset + lengths[index]!
  expect(reads.map(([offset, length]) => [offset, offset + length])).toEqual([
    [start(0), end(2)],
    [start(3), end(3)],
    [start(4), end(4)],
    [start(5), end(5)],
  ])
})

test('blocks of other subtasks in between are skipped if they are large, and read in vain if they are small', async () => {
  const { storage, handle } = await written([10, 1000, 20, 100_000, 30])
  const cut = { ...handle, keyGroups: [0, 2, 4].map((index) => handle.keyGroups[index]!) }
  const { blocks, reads } = await readAll(storage, cut)
  expect(blocks).toEqual([
    [0, 10],
    [2, 20],
    [4, 30],
  ])
  expect(reads.map(([, length]) => length)).toEqual([32 + 10 + 32 + 1000 + 32 + 20, 32 + 30])
})

test('a handle whose blocks are those of another file is refused', async () => {
  const { storage, handle } = await written([10, 10])
  const [first, second] = handle.keyGroups
  const { readBlock } = createBlockReaders(storage, '/s')
  const moved = { ...handle, keyGroups: [{ ...first!, offset: second!.offset }] }
  await expect(readBlock(moved, 0)).rejects.toThrow('key group 0 at offset 58 is damaged: there is another block')
  const between = { ...handle, keyGroups: [{ ...first!, offset: first!.offset + 1 }] }
  await expect(readBlock(between, 0)).rejects.toThrow('key group 0 at offset 17 is damaged: there is no block')
})
