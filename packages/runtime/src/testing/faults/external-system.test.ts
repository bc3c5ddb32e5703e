import { expect, test } from 'vitest'
import { ExternalSystem } from './external-system.ts'

function begun(records: readonly string[], system = new ExternalSystem<string>()) {
  const id = system.begin(system.connect(1, 0, undefined), 0)
  for (const record of records) system.write(id, record)
  return { system, id }
}

test('Records are visible once their transaction has been committed, however often that is repeated', () => {
  const { system, id } = begun(['a', 'b'])
  expect(system.seen.map(({ record }) => record)).toEqual(['a', 'b'])
  system.prepare(id)
  expect(system.committed).toEqual([])
  system.commit(id)
  system.commit(id)
  expect(system.committed).toEqual([
    { transaction: id, record: 'a' },
    { transaction: id, record: 'b' },
  ])
  expect(system.violations).toEqual([])
})

test('What a new attempt cannot know from the checkpoint that it starts from is aborted, and what it can is kept', () => {
  const { system, id: known } = begun(['known'])
  const { id: late } = begun(['late'], system)
  const { id: open } = begun(['open'], system)
  system.prepare(known)
  system.assign(known, 4)
  system.prepare(late)
  system.assign(late, 5)
  system.connect(1, 1, 4)
  system.connect(1, 1, 4)
  for (const id of [known, late, open]) system.commit(id)
  expect(system.committed.map(({ record }) => record)).toEqual(['known'])
  expect(system.violations).toEqual([
    `Transaction ${late} (aborted, checkpoint 5) was committed`,
    `Transaction ${open} (aborted, checkpoint undefined) was committed`,
  ])
})

test('Commits of transactions that are unknown or not prepared, and writes behind a commit, are told', () => {
  const { system, id } = begun(['a'])
  system.commit(id)
  system.commit(99)
  system.prepare(id)
  system.write(id, 'b')
  expect(system.violations).toEqual([
    `Transaction ${id} (open, checkpoint undefined) was committed`,
    'Transaction 99 (unknown) was committed',
    `Transaction ${id} (prepared, checkpoint undefined) was written to`,
  ])
})
