import { expect, test } from 'vitest'
import type { GraphSettings } from '../graph/graph-settings.ts'
import type { JobGraph } from '../graph/job-graph.ts'
import { operatorIdOfUid } from '../graph/operator-ids.ts'
import type { OperatorSettings } from '../graph/transformation.ts'
import type { KeyedStateHandle, OperatorState, OperatorSubtaskState, SnapshotMetadata } from '../snapshot/snapshot.ts'
import { Dataflow } from '../testing/dataflow.ts'
import { maxParallelismOverrides, maxParallelismsOfGraph } from './max-parallelism-overrides.ts'
import { planRestore, type RestorePlan } from './plan-restore.ts'

const nothing: OperatorSubtaskState = { isFinished: false, hasEndedInput: false, keyed: undefined, lists: [] }
const finished: OperatorSubtaskState = { ...nothing, isFinished: true, hasEndedInput: true }
const ended: OperatorSubtaskState = { ...nothing, hasEndedInput: true }

/** Ten bytes and one key for each key group. */
function keyed(...keyGroups: readonly number[]): OperatorSubtaskState {
  const handle: KeyedStateHandle = {
    location: { kind: 'file', path: 'data' },
    states: [
      {
        name: 'sums',
        kind: 'value',
        type: { kind: 'generic' },
        mapKeyType: undefined,
        isDeclared: false,
        hasTtl: false,
      },
      {
        name: 'none',
        kind: 'list',
        type: { kind: 'generic' },
        mapKeyType: undefined,
        isDeclared: false,
        hasTtl: false,
      },
    ],
    keyGroups: keyGroups.map((keyGroup, i) => ({
      keyGroup,
      keyCounts: [1, 0],
      offset: 10 * i,
      length: 10,
      checksum: 0,
    })),
  }
  return { ...nothing, keyed: handle }
}

function operator(
  uid: string,
  subtasks: readonly OperatorSubtaskState[],
  more: Partial<OperatorState> = {},
): OperatorState {
  return {
    operatorId: operatorIdOfUid(uid),
    uid,
    name: uid,
    parallelism: subtasks.length,
    maxParallelism: 8,
    coordinator: undefined,
    subtasks,
    ...more,
  }
}

function savepoint(...operators: readonly OperatorState[]): SnapshotMetadata {
  return { kind: 'savepoint', checkpointId: 7, timestampMs: 0, jobId: '0'.repeat(32), jobName: 'test', operators }
}

/** `numbers -> add` in one chain, then `count -> out` in another. */
function graph(settings: Partial<GraphSettings> = {}, ofCount: Partial<OperatorSettings> = {}): JobGraph {
  const flow = new Dataflow({ parallelism: 2, ...settings })
  const add = flow.map(flow.source('numbers', { uid: 'numbers' }), 'add', { uid: 'add' })
  flow.sink(flow.keyed(add, 'count', { uid: 'count', ...ofCount }), 'out', { uid: 'out' })
  return flow.plan().jobGraph
}

interface PlanOptions {
  readonly jobGraph?: JobGraph
  readonly allowNonRestoredState?: boolean
  readonly dropState?: readonly string[]
}

function plan(metadata: SnapshotMetadata, options: PlanOptions = {}): RestorePlan {
  const { allowNonRestoredState = false, dropState = [] } = options
  const maxParallelisms = maxParallelismOverrides(metadata, dropState)
  return planRestore({
    metadata,
    directory: '/savepoints/a',
    jobGraph: options.jobGraph ?? graph({ maxParallelisms }),
    settings: { allowNonRestoredState, dropState },
  })
}

/** The lines of problems. */
function problems(metadata: SnapshotMetadata, options: PlanOptions = {}): readonly string[] {
  try {
    plan(metadata, options)
  } catch (error) {
    expect(error).toMatchObject({ name: 'SnapshotError', code: 'SNAPSHOT_MISMATCH' })
    const [title, ...lines] = (error as Error).message.split('\n  - ')
    expect(title).toBe('Cannot start job "test" from savepoint 7 in /savepoints/a, which does not fit:')
    return lines
  }
  return []
}

const source = operator('numbers', [nothing, nothing], { coordinator: Uint8Array.of(1, 2, 3) })
const add = operator('add', [nothing, nothing])
const out = operator('out', [nothing, nothing])

test('Every subtask gets the key groups that it owns now, and enumerators get what they kept', () => {
  const count = operator('count', [keyed(0, 3), keyed(4, 7)])
  const metadata = savepoint(source, add, count, out)
  const jobGraph = graph({ parallelism: 4, maxParallelisms: maxParallelismOverrides(metadata) })
  const restored = plan(metadata, { jobGraph })
  const keyGroups = [0, 1, 2, 3].map((subtaskIndex) => {
    const { checkpointId, directory, isFinished, hasEndedInput, operators } = restored.restoreOf({
      vertexIndex: 1,
      subtaskIndex,
    })
    expect({ checkpointId, directory, isFinished, hasEndedInput }).toEqual({
      checkpointId: 7,
      directory: '/savepoints/a',
      isFinished: false,
      hasEndedInput: false,
    })
    expect(operators).toHaveLength(2)
    expect(operators[1]).toEqual({ keyed: [], lists: [] })
    return operators[0]?.keyed.map((handle) => handle.keyGroups.map(({ keyGroup }) => keyGroup))
  })
  expect(keyGroups).toEqual([[[0]], [[3]], [[4]], [[7]]])
  expect([...restored.enumeratorStates]).toEqual([[operatorIdOfUid('numbers'), Uint8Array.of(1, 2, 3)]])
  expect(restored.notes).toEqual([])
})

test('State without an operator is refused by name, content, size and the nearest uid, and what would do', () => {
  const old = operator('counts', [keyed(0, 3), keyed(4)], { name: 'Count words' })
  expect(problems(savepoint(source, old))).toEqual([
    'there is state for operator "Count words" (uid "counts"), which the job does not have: "sums" (value), 30 bytes; the ' +
      'nearest uid in the job is "count". Give the operator its uid back, or leave its state out with --drop-state counts, or ' +
      'all such state with -n (--allow-non-restored-state)',
  ])
})

test('State of an operator that had no uid is refused by its id', () => {
  const old = operator('x', [keyed(0)], { uid: undefined, name: 'Count' })
  const id = operatorIdOfUid('x')
  const [line, ...others] = problems(savepoint(source, old))
  expect(others).toEqual([])
  expect(line).toContain(`operator "Count" (no uid, id ${id})`)
  expect(line).toContain(`--drop-state ${id}`)
})

test('With -n such state is left out, and a line says so', () => {
  const metadata = savepoint(source, operator('counts', [keyed(0)]), operator('empty', [nothing]))
  expect(plan(metadata, { allowNonRestoredState: true }).notes).toEqual([
    'The state of operator "counts" (uid "counts"), which the job does not have, is left out (-n)',
    'Operator "count" (uid "count") starts without state: the savepoint has none for it',
  ])
})

test('With --drop-state the state of one operator is left out, also if the job has the operator', () => {
  const metadata = savepoint(source, operator('count', [keyed(0)]), operator('counts', [keyed(0)]))
  const restored = plan(metadata, { dropState: ['count', operatorIdOfUid('counts')] })
  expect(restored.notes).toEqual([
    'The state of operator "count" (uid "count") is left out (--drop-state)',
    'The state of operator "counts" (uid "counts") is left out (--drop-state)',
  ])
  expect(restored.restoreOf({ vertexIndex: 1, subtaskIndex: 0 }).operators).toEqual([undefined, undefined])
})

test('A word of --drop-state that names nothing is refused, with the nearest that there is', () => {
  expect(problems(savepoint(source, operator('count', [keyed(0)])), { dropState: ['cuont'] })).toEqual([
    '--drop-state cuont names no operator of the savepoint, neither by uid nor by id; the nearest is count',
  ])
})

test('A new stateful operator starts empty, with one line; a new one without state, without', () => {
  expect(plan(savepoint(source)).notes).toEqual([
    'Operator "count" (uid "count") starts without state: the savepoint has none for it',
  ])
})

test('Operators of which nothing is kept cause no problem, whatever became of them', () => {
  const gone = operator('gone', [{ ...nothing, keyed: { ...keyed().keyed!, keyGroups: [] } }])
  const jobGraph = graph({ parallelism: 3 }, { maxParallelism: 4 })
  expect(problems(savepoint(source, gone, operator('count', [nothing, keyed()])), { jobGraph })).toEqual([])
})

test('The max parallelism of keyed state is taken over, also for a job that sets none and runs at another parallelism', () => {
  const metadata = savepoint(source, add, operator('count', [keyed(0)], { maxParallelism: 96 }), out)
  const overrides = maxParallelismOverrides(metadata)
  const jobGraph = graph({ parallelism: 5, maxParallelisms: overrides })
  expect(overrides).toEqual({ [operatorIdOfUid('count')]: 96 })
  expect(jobGraph.vertices.map(({ maxParallelism }) => maxParallelism)).toEqual([128, 96])
  expect(maxParallelismsOfGraph(jobGraph)).toEqual(overrides)
  expect(problems(metadata, { jobGraph })).toEqual([])
  expect(maxParallelismOverrides(metadata, ['count'])).toEqual({})
})

test('A max parallelism that is set and differs is refused with both', () => {
  const jobGraph = graph({}, { maxParallelism: 16 })
  expect(problems(savepoint(source, operator('count', [keyed(0)])), { jobGraph })).toEqual([
    'the state of operator "count" (uid "count") has max parallelism 8, but the job sets max parallelism 16, and key groups ' +
      'cannot be cut anew. Set it to 8, or leave it unset',
  ])
})

test('A parallelism above the max parallelism of state is refused with both', () => {
  const metadata = savepoint(source, operator('count', [keyed(0)]))
  expect(() => graph({ parallelism: 9, maxParallelisms: maxParallelismOverrides(metadata) })).toThrow(
    'parallelism 9: the state that it starts from has max parallelism 8',
  )
  expect(problems(metadata, { jobGraph: graph({ parallelism: 9 }) })).toEqual([
    'operator "count" (uid "count") has parallelism 9, but its state has max parallelism 8. Run it with 8 or less',
  ])
})

test('State of another kind of operator is refused', () => {
  const wasKeyed = operator('add', [keyed(0)])
  const wasSource = operator('out', [nothing], { coordinator: Uint8Array.of(1) })
  expect(problems(savepoint(source, wasKeyed, wasSource))).toEqual([
    'there is keyed state ("sums" (value)) for operator "add" (uid "add"), which does not run on a keyed stream in this job. ' +
      'Give another uid to the operator, or leave the state out with --drop-state add',
    'there are splits of a source for operator "out: Writer" (uid "out"), which is no source in this job. Give another uid ' +
      'to the operator, or leave the state out with --drop-state out',
  ])
})

test('A vertex all of whose subtasks had ended is restored as ended, at any parallelism', () => {
  const over = [operator('numbers', [finished, finished]), operator('add', [finished, finished])]
  const restored = plan(savepoint(...over, operator('count', [keyed(0), keyed(7)]), out), {
    jobGraph: graph({ parallelism: 3, maxParallelisms: { [operatorIdOfUid('count')]: 8 } }),
  })
  const restores = [0, 1].map((vertexIndex) => restored.restoreOf({ vertexIndex, subtaskIndex: 2 }))
  expect(restores.map(({ isFinished, hasEndedInput }) => [isFinished, hasEndedInput])).toEqual([
    [true, true],
    [false, false],
  ])
  expect(restores[0]!.operators).toEqual([undefined, undefined])
})

test('Of a vertex that had ended in part, the rest is dealt out', () => {
  const count = operator('count', [keyed(0, 3), finished])
  const metadata = savepoint(source, add, count, operator('out', [nothing, finished]))
  const restored = plan(metadata)
  const subtasks = [0, 1].map((subtaskIndex) => restored.restoreOf({ vertexIndex: 1, subtaskIndex }))
  expect(subtasks.map(({ isFinished, hasEndedInput }) => [isFinished, hasEndedInput])).toEqual([
    [false, false],
    [false, true],
  ])
  expect(subtasks[0]!.operators[0]!.keyed[0]!.keyGroups.map(({ keyGroup }) => keyGroup)).toEqual([0, 3])
})

test('At another parallelism a subtask has been told of the end of its input only if all were', () => {
  const endedInput = (subtasks: readonly OperatorSubtaskState[]) => {
    const metadata = savepoint(source, add, operator('count', subtasks), operator('out', subtasks))
    const restored = plan(metadata, { jobGraph: graph({ parallelism: 3 }) })
    return [0, 1, 2].map((subtaskIndex) => restored.restoreOf({ vertexIndex: 1, subtaskIndex }).hasEndedInput)
  }
  expect([endedInput([ended, nothing]), endedInput([ended, finished])]).toEqual([
    [false, false, false],
    [true, true, true],
  ])
})

test('What had ended may read what had sent its end, and only waited for a last checkpoint', () => {
  const before = ['numbers', 'add'].map((uid) => operator(uid, [ended, finished]))
  const behind = ['count', 'out'].map((uid) => operator(uid, [finished, finished]))
  const restored = plan(savepoint(...before, ...behind))
  const restores = [0, 1].map((vertexIndex) => restored.restoreOf({ vertexIndex, subtaskIndex: 0 }))
  expect(restores.map(({ isFinished, hasEndedInput }) => [isFinished, hasEndedInput])).toEqual([
    [false, true],
    [true, true],
  ])
})

test('What had ended cannot be chained to what runs, nor read it', () => {
  const over = ['add', 'count', 'out'].map((uid) => operator(uid, [finished, finished]))
  expect(problems(savepoint(...over))).toEqual([
    'operator "add" (uid "add") had ended, but operator "Source: numbers" (uid "numbers") in the same chain had not, or has no state. ' +
      'Keep what is chained as it was, or let them start anew with --drop-state add',
    '"count -> out: Writer" had ended, but "Source: numbers -> add", which it reads, had not, or is new. Send its records ' +
      'elsewhere',
  ])
})

test('Everything that does not fit is told at once, and as data', () => {
  const metadata = savepoint(operator('a', [keyed(0)]), operator('b', [keyed(0)]))
  expect(problems(metadata)).toHaveLength(2)
  expect(() => plan(metadata)).toThrowError(
    expect.objectContaining({
      facts: expect.objectContaining({
        path: '/savepoints/a',
        checkpointId: 7,
        problems: [expect.objectContaining({ uid: 'a', bytes: 10 }), expect.objectContaining({ uid: 'b', bytes: 10 })],
      }),
    }),
  )
})
