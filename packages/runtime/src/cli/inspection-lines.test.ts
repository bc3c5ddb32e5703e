import { expect, test } from 'vitest'
import type { OperatorInspection, SnapshotInspection } from '../snapshot/inspect-snapshot.ts'
import { inspectionLines } from './inspection-lines.ts'

const operator: OperatorInspection = {
  operatorId: 'b71731f1c0df9c3076c4a455334d0ad6',
  uid: 'count',
  name: 'Count',
  parallelism: 2,
  maxParallelism: 128,
  finishedSubtaskCount: 0,
  keyedStates: [],
  keyGroups: [],
  listStates: [],
  coordinatorBytes: 0,
  stateBytes: 0,
}

function inspection(operators: readonly Partial<OperatorInspection>[]): SnapshotInspection {
  return {
    kind: 'savepoint',
    checkpointId: 7,
    timestampMs: 1_700_000_000_000,
    jobId: 'c2761c51f848ae04a688b5ba0fda808e',
    jobName: 'word count',
    directory: '/sp/savepoint-c2761c-bac0c4ac8ac3',
    stateBytes: 30_000_000,
    operators: operators.map((each) => ({ ...operator, ...each })),
    damages: [],
  }
}

const head = [
  'Savepoint 7 of job word count (c2761c51f848ae04a688b5ba0fda808e)',
  'taken 2023-11-14T22:13:20.000Z, 28.6 MB of state, /sp/savepoint-c2761c-bac0c4ac8ac3',
]

test('Shows operators with their states, types, keys and bytes of key groups', () => {
  const lines = inspectionLines(
    inspection([
      {
        keyedStates: [
          {
            name: 'counts',
            kind: 'map',
            types: ['int', 'long'],
            mapKeyTypes: ['string'],
            isDeclared: false,
            hasTtl: true,
            keyCount: 12_345,
          },
          {
            name: 'last',
            kind: 'value',
            types: ['string'],
            mapKeyTypes: [],
            isDeclared: true,
            hasTtl: false,
            keyCount: 1,
          },
        ],
        keyGroups: [
          { keyGroup: 3, subtaskIndex: 0, bytes: 12 },
          { keyGroup: 70, subtaskIndex: 1, bytes: 2_048 },
        ],
        stateBytes: 2_060,
      },
      {
        name: 'Source: numbers',
        uid: undefined,
        finishedSubtaskCount: 1,
        listStates: [{ name: 'splits', mode: 'split', types: ['generic'], isDeclared: false, itemCount: 1, bytes: 40 }],
        coordinatorBytes: 15,
        stateBytes: 55,
      },
      { name: 'Map', uid: undefined },
      { name: 'Sink', uid: 'out' },
    ]),
  )
  expect(lines).toEqual([
    ...head,
    '',
    'Operator "Count"  uid count  id b71731f1c0df9c3076c4a455334d0ad6',
    '  parallelism 2, max parallelism 128, 2.0 KB',
    '  map state "counts": string -> int or long, inferred, with TTL; 12,345 keys',
    '  value state "last": string; 1 key',
    '  key groups 3: 12 B, 70: 2.0 KB',
    '',
    'Operator "Source: numbers"  uid (none)  id b71731f1c0df9c3076c4a455334d0ad6',
    '  parallelism 2, 1 of them ended, max parallelism 128, 55 B',
    '  split list state "splits": generic; 1 item, 40 B',
    '  enumerator: 15 B',
    '',
    'Without state: "Map", "Sink" (uid out)',
  ])
})

test('Shows of many key groups what they have in common', () => {
  const keyGroups = Array.from({ length: 128 }, (_, keyGroup) => ({
    keyGroup,
    subtaskIndex: 0,
    bytes: 1_024 * keyGroup,
  }))
  const state = { kind: 'value', types: ['long'], mapKeyTypes: [], isDeclared: true, hasTtl: false } as const
  const lines = inspectionLines(inspection([{ keyedStates: [{ name: 'n', ...state, keyCount: 128 }], keyGroups }]))
  expect(lines.at(-1)).toBe(
    '  key groups 128 of 128 with state: 0 B to 127.0 KB, half of them up to 64.0 KB; largest 127: 127.0 KB (all with --json)',
  )
})
