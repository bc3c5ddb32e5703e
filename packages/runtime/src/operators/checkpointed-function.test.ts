import { expect, test } from 'vitest'
import { ListStateDescriptor, MapStateDescriptor } from '../state/state-descriptor.ts'
import { HandDrivenTask } from '../task/testing/hand-driven-task.ts'
import { OperatorReadOnlyBroadcastContext } from './broadcast-contexts.ts'
import type { CheckpointedFunction, CheckpointListener } from './checkpointed-function.ts'
import type { RichMapFunction } from './functions.ts'
import type { OperatorContext } from './generated-operator.ts'

const checkpoint = (checkpointId: number) =>
  ({ checkpointId, timestampMs: 0, directory: undefined, inlineBytesMax: 0, stop: 'none' }) as const

test('A function takes part in checkpoints by the methods it has', async () => {
  const calls: string[] = []
  const fn: RichMapFunction<unknown, unknown> & CheckpointedFunction & CheckpointListener = {
    initializeState({ isRestored, restoredCheckpointId, operatorStateStore }) {
      calls.push(`initialize ${isRestored} ${restoredCheckpointId}`)
      const list = operatorStateStore.getListState(new ListStateDescriptor<number>('list'))
      operatorStateStore.getUnionListState(new ListStateDescriptor<number>('union')).add(7)
      list.update([1, 2])
    },
    open: () => void calls.push('open'),
    map: (value) => value,
    async snapshotState({ checkpointId }) {
      await undefined
      calls.push(`snapshot ${checkpointId}`)
    },
    notifyCheckpointComplete: (checkpointId) => void calls.push(`complete ${checkpointId}`),
    notifyCheckpointAborted: (checkpointId) => void calls.push(`aborted ${checkpointId}`),
    close: () => void calls.push('close'),
  }
  const task = new HandDrivenTask([{ kind: 'map', fn }])
  await task.run()
  task.reader.give('a')
  task.subtask.triggerCheckpoint(checkpoint(1))
  await task.run()
  task.subtask.notifyCheckpointComplete(1)
  task.subtask.abortCheckpoint(2)
  task.reader.end()
  await task.run()
  expect(task.failure).toBeUndefined()
  expect(calls).toEqual(['initialize false undefined', 'open', 'snapshot 1', 'complete 1', 'aborted 2', 'close'])
  const lists = task.acknowledged[0]?.snapshot.operators[1]?.lists.map(({ name, mode, itemCount }) => ({
    name,
    mode,
    itemCount,
  }))
  expect(lists).toEqual([
    { name: 'list', mode: 'split', itemCount: 2 },
    { name: 'union', mode: 'union', itemCount: 1 },
  ])
})

test.each(['initializeState', 'snapshotState', 'notifyCheckpointComplete'])(
  'A function that fails in %s fails its operator',
  async (method) => {
    const fn = {
      map: (value: unknown) => value,
      [method]: () => Promise.reject(new Error(`${method} went wrong`)),
    }
    const task = new HandDrivenTask([{ kind: 'map', fn }])
    await task.run()
    task.subtask.triggerCheckpoint(checkpoint(1))
    await task.run()
    task.subtask.notifyCheckpointComplete(1)
    await task.run()
    expect([task.failure?.operatorName, task.failure?.error.message]).toEqual(['map 1', `${method} went wrong`])
  },
)

test('A broadcast state is read by the name it was broadcast with only', () => {
  const context = new OperatorReadOnlyBroadcastContext([new MapStateDescriptor('rules')])
  const rules = new Map([['a', 1]])
  const operator = { broadcastState: () => ({ get: (key: string) => rules.get(key), put() {} }) }
  context.open({ states: { operator } } as unknown as OperatorContext)
  const readOnly = context.getBroadcastState(new MapStateDescriptor<string, number>('rules'))
  expect([readOnly.get('a'), 'put' in readOnly]).toEqual([1, false])
  expect(() => context.getBroadcastState(new MapStateDescriptor('limits'))).toThrow(
    'Cannot get the broadcast state "limits": the stream was broadcast with "rules" only. Give its descriptor to broadcast(), too.',
  )
})
