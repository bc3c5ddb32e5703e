import { expect, test } from 'vitest'
import { TypeRegistry } from '../record/type-registry.ts'
import { exportSnapshot } from './export-snapshot.ts'
import { inspectSnapshot } from './inspect-snapshot.ts'
import { readSnapshot } from './open-snapshot.ts'
import { MemoryStorage } from './testing/memory-storage.ts'
import { type SampleState, writeSampleSavepoint } from './testing/sample-savepoint.ts'

class Money {
  readonly cents: number
  constructor(cents: number) {
    this.cents = cents
  }
}
const registry = new TypeRegistry()
registry.register(Money, { name: 'shop.Money' })

const state: SampleState = {
  counts: new Map<unknown, unknown>([
    ['word', 1],
    [['composite', 7], { b: 2n, a: [new Date(5), Number.NaN] }],
    ['other', new Money(250)],
  ]),
  visits: new Map([
    [
      'word',
      new Map<unknown, unknown>([
        ['z', 1],
        ['a', undefined],
      ]),
    ],
  ]),
  timers: new Map([['late', [2000, 1000]]]),
  splits: [
    { path: 'b.csv', offset: 10 },
    { path: 'a.csv', offset: 0 },
  ],
  rules: ['rule'],
}

async function exported(sample: SampleState, parallelism: number, inlineBytesMax = 0): Promise<string[]> {
  const storage = new MemoryStorage()
  await writeSampleSavepoint(sample, { parallelism, storage, directory: '/s', inlineBytesMax, registry })
  const lines: string[] = []
  for await (const line of exportSnapshot(storage, await readSnapshot(storage, '/s'))) lines.push(line)
  return lines
}

test('an export has a line for each key of each state, and marked lines for what is not keyed, without the classes', async () => {
  expect(await exported(state, 3)).toEqual([
    '{"operator":"11111111111111111111111111111111","state":"rules","kind":"broadcast","value":"rule"}',
    '{"operator":"11111111111111111111111111111111","state":"splits","kind":"split","value":{"offset":0,"path":"a.csv"}}',
    '{"operator":"11111111111111111111111111111111","state":"splits","kind":"split","value":{"offset":10,"path":"b.csv"}}',
    '{"operator":"11111111111111111111111111111111","kind":"coordinator","value":{"$bytes":"AQID"}}',
    '{"operator":"counts","keyGroup":9,"state":"count","kind":"value","key":"other","value":{"$type":"shop.Money","value":{"cents":250}}}',
    '{"operator":"counts","keyGroup":16,"state":"count","kind":"value","key":["composite",7],"value":{"a":[{"$date":"1970-01-01T00:00:00.005Z"},{"$number":"NaN"}],"b":{"$bigint":"2"}}}',
    '{"operator":"counts","keyGroup":17,"state":"timers","kind":"timers","key":"late","value":[1000,2000]}',
    '{"operator":"counts","keyGroup":29,"state":"count","kind":"value","key":"word","value":1}',
    '{"operator":"counts","keyGroup":29,"state":"visits","kind":"map","key":"word","value":[["a",{"$undefined":true}],["z",1]],"lastUsedMs":[1000,1000]}',
  ])
})

test('an export is the same, byte by byte, at every parallelism, in files and inline, in whatever order keys came', async () => {
  const numbers = Array.from({ length: 200 }, (_, i) => i)
  const many = (order: readonly number[]): SampleState => ({
    ...state,
    counts: new Map(order.map((i) => [`key ${i}`, i])),
    visits: new Map(order.map((i) => [i, new Map([['x', i]])])),
  })
  const expected = await exported(many(numbers), 1)
  expect(expected.length).toBe(200 + 200 + 1 + 2 + 1 + 1)
  for (const parallelism of [2, 5, 16, 32]) {
    expect(await exported(many(numbers.toReversed()), parallelism, parallelism === 5 ? 1e6 : 0)).toEqual(expected)
  }
})

test('inspectSnapshot lists operators, states, keys and bytes, and names each damaged block', async () => {
  const storage = new MemoryStorage()
  const metadata = await writeSampleSavepoint(state, { parallelism: 2, storage, directory: '/s', registry })
  const snapshot = await readSnapshot(storage, '/s')
  const inspection = await inspectSnapshot(storage, snapshot)
  const generic = { types: ['generic'], isDeclared: false }
  const keyed = { mapKeyTypes: [], hasTtl: false }
  expect(inspection).toEqual({
    kind: 'savepoint',
    checkpointId: 1,
    timestampMs: 1_790_000_000_000,
    jobId: '0123456789abcdef0123456789abcdef',
    jobName: 'sample',
    directory: '/s',
    stateBytes: 248,
    operators: [
      {
        operatorId: '1'.repeat(32),
        uid: undefined,
        name: 'operator 0',
        parallelism: 2,
        maxParallelism: 32,
        finishedSubtaskCount: 0,
        keyedStates: [],
        keyGroups: [],
        listStates: [
          { name: 'splits', mode: 'split', ...generic, itemCount: 2, bytes: 62 },
          { name: 'rules', mode: 'broadcast', ...generic, itemCount: 2, bytes: 28 },
        ],
        coordinatorBytes: 3,
        stateBytes: 93,
      },
      {
        operatorId: '2'.repeat(32),
        uid: 'counts',
        name: 'operator 1',
        parallelism: 2,
        maxParallelism: 32,
        finishedSubtaskCount: 0,
        keyedStates: [
          { name: 'count', kind: 'value', ...generic, ...keyed, keyCount: 3 },
          {
            name: 'visits',
            kind: 'map',
            ...generic,
            isDeclared: true,
            mapKeyTypes: ['string'],
            hasTtl: true,
            keyCount: 1,
          },
          { name: 'timers', kind: 'timers', types: ['double'], isDeclared: true, ...keyed, keyCount: 1 },
        ],
        keyGroups: [
          { keyGroup: 9, subtaskIndex: 0, bytes: 33 },
          { keyGroup: 16, subtaskIndex: 1, bytes: 53 },
          { keyGroup: 17, subtaskIndex: 1, bytes: 26 },
          { keyGroup: 29, subtaskIndex: 1, bytes: 43 },
        ],
        listStates: [],
        coordinatorBytes: 0,
        stateBytes: 155,
      },
    ],
    damages: [],
  })
  const { offset } = metadata.operators[1]!.subtasks[1]!.keyed!.keyGroups[0]!
  storage.files.get('/s/sample-1-1')![offset]! ^= 1
  const damaged = await inspectSnapshot(storage, snapshot)
  expect(damaged.damages).toEqual([
    {
      operatorId: '2'.repeat(32),
      subtaskIndex: 1,
      message: `Cannot read the snapshot file /s/sample-1-1: key group 16 at offset ${offset} is damaged: its checksum differs. Use another snapshot, or a copy of this one.`,
      facts: { file: '/s/sample-1-1', block: 'key group 16', offset },
    },
  ])
})
