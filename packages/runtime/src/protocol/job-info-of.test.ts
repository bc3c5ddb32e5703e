import { expect, test } from 'vitest'
import { jobInfoOf } from './job-info-of.ts'

const infoOf = (configuration: Readonly<Record<string, string>>) =>
  jobInfoOf({ jobId: 'a1', jobName: 'orders', job: { configuration } })

test('Connectors are told the defaults, and that a job without interval takes no checkpoints', () => {
  expect(infoOf({})).toEqual({
    jobId: 'a1',
    jobName: 'orders',
    checkpointing: undefined,
    onLostTransaction: 'fail',
    kafkaDriver: 'kafkajs',
  })
  expect(infoOf({ 'execution.checkpointing.interval': '0' }).checkpointing).toBeUndefined()
})

test('Connectors are told how long checkpoints and restarts can take, whichever strategy there is', () => {
  const restartDelay = (configuration: Readonly<Record<string, string>>) =>
    infoOf({ 'execution.checkpointing.interval': '1 s', 'execution.checkpointing.timeout': '20 s', ...configuration })
      .checkpointing
  const times = { intervalMs: 1_000, timeoutMs: 20_000 }
  expect(restartDelay({})).toEqual({ ...times, restartDelayMaxMs: 60_000 })
  expect(restartDelay({ 'restart-strategy.type': 'none' })).toEqual({ ...times, restartDelayMaxMs: 0 })
  expect(restartDelay({ 'restart-strategy.type': 'fixed-delay', 'restart-strategy.fixed-delay.delay': '3 s' })).toEqual(
    { ...times, restartDelayMaxMs: 3_000 },
  )
  expect(
    restartDelay({ 'restart-strategy.type': 'failure-rate', 'restart-strategy.failure-rate.delay': '4 s' }),
  ).toEqual({ ...times, restartDelayMaxMs: 4_000 })
})

test('Connectors are told which driver and which loss the job has chosen', () => {
  expect(infoOf({ 'kafka.driver': 'platformatic', 'sink.on-lost-transaction': 'skip' })).toMatchObject({
    kafkaDriver: 'platformatic',
    onLostTransaction: 'skip',
  })
})
