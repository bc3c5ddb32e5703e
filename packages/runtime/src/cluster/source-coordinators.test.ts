import { expect, test } from 'vitest'
import type { Source, SourceSplit, SplitEnumerator, SplitEnumeratorContext } from '../connector/source.ts'
import type { JobVertex } from '../graph/job-graph.ts'
import type { CoordinatorMessage } from '../protocol/messages.ts'
import { UserValues } from '../protocol/user-values.ts'
import { TypeRegistry } from '../record/type-registry.ts'
import { silentLogger, testJobInfo } from '../testing/connector-contexts.ts'
import { SimulatedClock } from '../testing/simulated-clock.ts'
import { SourceCoordinators } from './source-coordinators.ts'

type Enumerate = (context: SplitEnumeratorContext<SourceSplit>) => Partial<SplitEnumerator>

/** Coordinators of sources with these enumerators, and what they send. */
async function started(
  ...enumerators: readonly Enumerate[]
): Promise<{ readonly sources: SourceCoordinators; readonly sent: CoordinatorMessage['kind'][] }> {
  const sent: CoordinatorMessage['kind'][] = []
  const sources = new SourceCoordinators(
    enumerators.map((enumerate, index) => {
      const source: Source<unknown> = {
        boundedness: 'bounded',
        createEnumerator: (context) => ({
          start: () => {},
          addReader: () => {},
          handleSplitRequest: () => {},
          ...enumerate(context),
        }),
        createReader: () => {
          throw new Error('no reader is made on the coordinator')
        },
      }
      return {
        vertex: {
          index,
          parallelism: 1,
          operators: [{ id: `${index}`, name: `Source ${index}` }],
        } as unknown as JobVertex,
        jobInfo: testJobInfo(),
        source,
        values: new UserValues(new TypeRegistry()),
        clock: new SimulatedClock(),
        logger: silentLogger,
        restoredState: undefined,
        send: (_subtaskIndex, message) => void sent.push(message.kind),
        fail: (error) => {
          throw error
        },
      }
    }),
  )
  await sources.start()
  for (const [index] of enumerators.entries()) sources.at(index)?.addReader(0)
  return { sources, sent }
}

test('An enumerator whose snapshot comes after that of another has failed does not hold its messages back for ever', async () => {
  const request = Promise.withResolvers<void>()
  const { sources, sent } = await started(
    () => ({
      snapshotState: () => {
        throw new Error('no memory')
      },
    }),
    (context) => ({
      handleSplitRequest: async (subtaskIndex) => {
        await request.promise
        context.assignSplit({ splitId: 'late' }, subtaskIndex)
        context.signalNoMoreSplits(subtaskIndex)
      },
    }),
  )
  sources.at(1)?.handleSplitRequest(0)
  const snapshot = sources.snapshotState(1).catch((error: Error) => error.message)
  setImmediate(() => request.resolve())
  expect(await snapshot).toContain('could not take a snapshot of its enumerator: no memory')
  sources.release()
  sources.at(1)?.handleSplitRequest(0)
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
  expect(sent).toEqual(['add-splits', 'no-more-splits', 'add-splits', 'no-more-splits'])
})
