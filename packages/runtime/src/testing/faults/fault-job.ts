import { defineJob, type JobDefinition } from '../../api/job-definition.ts'
import type { StreamExecutionEnvironment } from '../../api/stream-execution-environment.ts'
import { WatermarkStrategy } from '../../time/watermark-strategy.ts'
import { groupOf, type InputRecord, inputRecord, type OutputRecord, splitsOf } from './fault-records.ts'
import type { FaultWorld } from './fault-world.ts'
import {
  BroadcastLedger,
  ConnectedLedger,
  GroupTally,
  LEDGER_UID,
  ProcessLedger,
  RULE_COUNT,
  RULES,
  type Rule,
} from './ledger.ts'
import { ReplayableSource } from './replayable-source.ts'
import { TransactionalSink } from './transactional-sink.ts'

/**
 * Virtual time without output after which the input ends: until then all records have come through the buffers of four
 * exchanges, and timers have fired.
 */
const QUIET_MS = 140

/** The job that a plan describes: replayable sources, keyed state and timers, an exactly-once sink. */
export function faultJob(world: FaultWorld): JobDefinition {
  const { plan, faults, random, external } = world
  const { pauseMsMax, sourceParallelism } = plan
  const mayEnd = (nowMs: number, startedMs: number) => nowMs - Math.max(startedMs, world.lastOutputMs) > QUIET_MS
  const keyOf = ({ key }: InputRecord) => key

  const input = (env: StreamExecutionEnvironment, source: number) =>
    env
      .fromSource(
        new ReplayableSource<InputRecord>({
          splits: splitsOf(plan, source),
          record: (split, n) => inputRecord(plan, source, split, n),
          faults,
          random,
          pauseMsMax,
          mayEnd,
        }),
        WatermarkStrategy.noWatermarks(),
        `Source ${source}`,
      )
      .uid(`source-${source}`)
      .setParallelism(sourceParallelism)

  const ledger = (env: StreamExecutionEnvironment) => {
    const first = input(env, 0)
    switch (plan.shape) {
      case 'direct':
      case 'rekeyed':
        return first.keyBy(keyOf).process<OutputRecord>(new ProcessLedger(world))
      case 'rebalanced':
        return first
          .rebalance()
          .map((record) => record)
          .keyBy(keyOf)
          .process<OutputRecord>(new ProcessLedger(world))
      case 'union':
        return first.union(input(env, 1)).keyBy(keyOf).process<OutputRecord>(new ProcessLedger(world))
      case 'connected':
        return first.keyBy(keyOf).connect(input(env, 1).keyBy(keyOf)).process<OutputRecord>(new ConnectedLedger(world))
      case 'broadcast': {
        const rules = env
          .fromSource(
            new ReplayableSource<Rule>({
              splits: new Map([['rules-0', RULE_COUNT]]),
              record: (_split, rule) => ({ rule }),
              faults,
              random,
              pauseMsMax,
              mayEnd,
            }),
            WatermarkStrategy.noWatermarks(),
            'Rules',
          )
          .uid('rules')
          .setParallelism(1)
        return first.keyBy(keyOf).connect(rules.broadcast(RULES)).process<OutputRecord>(new BroadcastLedger(world))
      }
    }
  }

  return defineJob('faults', (env) => {
    const outputs = ledger(env).name('Ledger').uid(LEDGER_UID)
    const counted =
      plan.shape === 'rekeyed'
        ? outputs.keyBy(groupOf).process<OutputRecord>(new GroupTally(world)).name('Tally').uid('tally')
        : outputs
    const sink = new TransactionalSink<OutputRecord>({
      external,
      faults,
      random,
      run: () => world.run,
      onWrite: (clock) => {
        world.lastOutputMs = clock.monotonicMs()
      },
    })
    counted.sinkTo(sink).name('Sink').uid('sink')
  })
}
