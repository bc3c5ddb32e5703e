import { expect, test } from 'vitest'
import { defineJob } from '../../api/job-definition.ts'
import { SeededRandom } from '../../base/random.ts'
import { WatermarkStrategy } from '../../time/watermark-strategy.ts'
import { runInSimulation } from '../run-in-simulation.ts'
import { FaultPoints } from './fault-points.ts'
import { ReplayableSource } from './replayable-source.ts'

test('A replayable source emits each record once and each split in order, also when it stops and goes on at another parallelism', async () => {
  for (let seed = 0; seed < 20; seed++) {
    const job = defineJob('numbers', (env) => {
      const source = new ReplayableSource<string>({
        splits: new Map([
          ['a', 30],
          ['b', 20],
          ['c', 10],
        ]),
        record: (split, n) => `${split}${n}`,
        faults: new FaultPoints([]),
        random: new SeededRandom(seed),
        pauseMsMax: 2,
        mayEnd: () => true,
      })
      env
        .fromSource(source, WatermarkStrategy.noWatermarks(), 'Numbers')
        .uid('numbers')
        .map((record) => record)
        .collect('numbers')
    })
    let path = ''
    let steps = 0
    const first = await runInSimulation(job, {
      seed,
      parallelism: 2,
      onStep: ({ job: running }) => {
        if (++steps !== 60) return
        void running.stopWithSavepoint({ directory: '/savepoints' }).then((at) => {
          path = at
        })
      },
    })
    const second = await runInSimulation(job, {
      seed,
      parallelism: 3,
      files: first.files,
      restore: { from: { path }, allowNonRestoredState: false, dropState: [], claimMode: 'NO_CLAIM' },
    })
    const all = [...first.collected<string>('numbers'), ...second.collected<string>('numbers')]
    const numbersOf = (split: string) =>
      all.filter((each) => each.startsWith(split)).map((each) => Number(each.slice(1)))
    for (const [split, count] of [
      ['a', 30],
      ['b', 20],
      ['c', 10],
    ] as const) {
      expect(numbersOf(split), `seed ${seed}`).toEqual(Array.from({ length: count }, (_, n) => n))
    }
  }
})
