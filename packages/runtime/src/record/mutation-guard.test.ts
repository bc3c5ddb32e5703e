import { expect, test } from 'vitest'
import { createMutationGuard } from './mutation-guard.ts'
import { RecordError } from './record-error.ts'

test('An emitted record of objects and arrays is frozen at every level', () => {
  const record = { a: 1, items: [{ sku: 'x' }], more: Object.assign(Object.create(null), { b: 2 }) }
  createMutationGuard().emitted(record)
  expect(() => {
    record.items[0]!.sku = 'y'
  }).toThrow(TypeError)
  expect(() => record.items.push({ sku: 'z' })).toThrow(TypeError)
  expect(Object.isFrozen(record.more)).toBe(true)
})

test.each<[string, () => unknown, (record: never) => void]>([
  ['Map', () => ({ m: new Map([['k', 1]]) }), (record: { m: Map<string, number> }) => record.m.set('k', 2)],
  ['Set', () => new Set([1]), (record: Set<number>) => record.add(2)],
  ['Date', () => [new Date(0)], (record: Date[]) => record[0]!.setTime(1)],
  ['Uint8Array', () => ({ b: new Uint8Array(2) }), (record: { b: Uint8Array }) => record.b.fill(1)],
])('A %s that was changed after it was emitted is found', (_name, make, mutate) => {
  const guard = createMutationGuard()
  const record = make()
  guard.emitted(record)
  guard.verify()
  mutate(record as never)
  const error = (() => {
    try {
      guard.verify()
    } catch (caught) {
      return caught
    }
  })()
  expect(error).toBeInstanceOf(RecordError)
  expect((error as RecordError).code).toBe('MUTATED_AFTER_EMIT')
})

test('The guard watches the last records only, and looks at each once more before it lets go', () => {
  const guard = createMutationGuard({ watchedMax: 2 })
  const records = [1, 2, 3, 4].map((n) => new Map([[n, n]]))
  guard.emitted(records[0])
  guard.emitted(records[1])
  guard.emitted(records[2])
  records[0]!.clear()
  guard.verify()
  records[1]!.clear()
  expect(() => guard.emitted(records[3])).toThrow(
    'A record was changed after it was emitted: it was Map(1) {2 => 2}, and is Map(0) {}.',
  )
})

test('The guard lets records pass that could not leave their thread', () => {
  const guard = createMutationGuard()
  const cyclic: { self?: unknown } = {}
  cyclic.self = cyclic
  guard.emitted({ f: () => 0, error: new Error('x') })
  guard.emitted(cyclic)
  guard.verify()
  expect(Object.isFrozen(cyclic)).toBe(true)
})
