import { expect, test } from 'vitest'
import { Dataflow } from '../testing/dataflow.ts'
import type { GraphSettings } from './graph-settings.ts'
import { operatorIdOfUid } from './operator-ids.ts'
import type { OperatorSettings } from './transformation.ts'

const counts = operatorIdOfUid('counts')

function maxParallelismOfCounts(
  settings: Partial<GraphSettings>,
  ofOperator: Partial<OperatorSettings> = {},
): readonly [number, number | undefined] {
  const flow = new Dataflow(settings)
  flow.sink(flow.keyed(flow.source('a'), 'Count', { uid: 'counts', ...ofOperator }), 's')
  const { maxParallelism, explicitMaxParallelism } = flow.plan().jobGraph.vertices[1]!
  return [maxParallelism, explicitMaxParallelism]
}

test('The max parallelism of state holds where nobody sets one, and is not taken for one that was set', () => {
  expect(maxParallelismOfCounts({ maxParallelisms: { [counts]: 96 } })).toEqual([96, undefined])
})

test('State of other operators changes nothing', () => {
  expect(maxParallelismOfCounts({ maxParallelisms: { [operatorIdOfUid('other')]: 96 } })).toEqual([128, undefined])
})

test('A max parallelism that is set on the operator or on the job goes before that of state', () => {
  const maxParallelisms = { [counts]: 96 }
  expect([
    maxParallelismOfCounts({ maxParallelisms }, { maxParallelism: 48 }),
    maxParallelismOfCounts({ maxParallelisms, maxParallelism: 64 }),
  ]).toEqual([
    [48, 48],
    [64, 64],
  ])
})

test('State of an operator within a chain decides for its vertex', () => {
  const flow = new Dataflow({ maxParallelisms: { [counts]: 96 } })
  flow.sink(flow.map(flow.source('a'), 'm', { uid: 'counts' }), 's')
  const vertices = flow.plan().jobGraph.vertices.map(({ name, maxParallelism }) => [name, maxParallelism])
  expect(vertices).toEqual([['Source: a -> m -> s: Writer', 96]])
})

test('A parallelism above the max parallelism of state is refused with both numbers', () => {
  expect(() => maxParallelismOfCounts({ parallelism: 97, maxParallelisms: { [counts]: 96 } })).toThrowError(
    expect.objectContaining({
      code: 'PARALLELISM_ABOVE_MAXIMUM',
      message: expect.stringContaining(
        '"Count" with parallelism 97: the state that it starts from has max parallelism 96',
      ),
    }),
  )
})
