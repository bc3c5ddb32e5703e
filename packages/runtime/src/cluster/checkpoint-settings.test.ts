import { expect, test } from 'vitest'
import { Configuration, type ConfigurationEntries } from '../configuration/configuration.ts'
import { checkpointSettings } from './checkpoint-settings.ts'

const read = (entries: ConfigurationEntries) =>
  checkpointSettings(Configuration.empty.with(entries, 'file'), '/jobs/nightly')

test("without settings a job takes no checkpoints by itself, and the rest has Flink's defaults", () => {
  expect(read({})).toEqual({
    intervalMs: undefined,
    minPauseMs: 0,
    timeoutMs: 600_000,
    maxConcurrent: 1,
    tolerableFailures: 0,
    mode: 'EXACTLY_ONCE',
    retention: 'NO_EXTERNALIZED_CHECKPOINTS',
    retainedCount: 1,
    directory: undefined,
    savepointDirectory: undefined,
    inlineBytesMax: 20_480,
    afterTasksFinish: true,
  })
})

test('every setting has its key', () => {
  expect(
    read({
      'execution.checkpointing.interval': '10 s',
      'execution.checkpointing.min-pause': '1 s',
      'execution.checkpointing.timeout': '2 min',
      'execution.checkpointing.max-concurrent-checkpoints': 1,
      'execution.checkpointing.tolerable-failed-checkpoints': 3,
      'execution.checkpointing.mode': 'at_least_once',
      'execution.checkpointing.externalized-checkpoint-retention': 'RETAIN_ON_CANCELLATION',
      'execution.checkpointing.num-retained': 4,
      'execution.checkpointing.dir': '/checkpoints',
      'execution.checkpointing.savepoint-dir': '/savepoints',
      'execution.checkpointing.data-inline-threshold': '1 kb',
      'execution.checkpointing.checkpoints-after-tasks-finish': false,
    }),
  ).toEqual({
    intervalMs: 10_000,
    minPauseMs: 1_000,
    timeoutMs: 120_000,
    maxConcurrent: 1,
    tolerableFailures: 3,
    mode: 'AT_LEAST_ONCE',
    retention: 'RETAIN_ON_CANCELLATION',
    retainedCount: 4,
    directory: '/checkpoints',
    savepointDirectory: '/savepoints',
    inlineBytesMax: 1_024,
    afterTasksFinish: false,
  })
})

test('an interval of 0 is none', () => {
  expect(read({ 'execution.checkpointing.interval': 0 }).intervalMs).toBeUndefined()
})

test('a pause between checkpoints makes them come one at a time', () => {
  const concurrent = { 'execution.checkpointing.max-concurrent-checkpoints': 3 }
  expect(read(concurrent).maxConcurrent).toBe(3)
  expect(read({ ...concurrent, 'execution.checkpointing.min-pause': '1 ms' }).maxConcurrent).toBe(1)
})

test.each([
  ['./checkpoints', '/jobs/nightly/checkpoints'],
  ['../shared/', '/jobs/shared'],
  ['/var/checkpoints', '/var/checkpoints'],
  ['file:///var/check%20points', '/var/check points'],
  ['file:/var/checkpoints', '/var/checkpoints'],
  ['FILE:checkpoints', '/jobs/nightly/checkpoints'],
])('the directory %s is %s for a job in /jobs/nightly', (value, directory) => {
  const settings = read({ 'execution.checkpointing.dir': value, 'state.savepoints.dir': value })
  expect([settings.directory, settings.savepointDirectory]).toEqual([directory, directory])
})

test.each([
  ['s3://bucket/checkpoints', 'expected a path or a file: URL'],
  ['hdfs://host:9000/checkpoints', 'expected a path or a file: URL'],
  ['file://elsewhere/checkpoints', 'it is no file: URL of this machine'],
])('refuses the directory %s', (value, message) => {
  expect(() => read({ 'execution.checkpointing.dir': value })).toThrow(
    `Cannot read the option execution.checkpointing.dir from "${value}": ${message}`,
  )
})

test('refuses to retain checkpoints that are nowhere', () => {
  const entries = { 'execution.checkpointing.externalized-checkpoint-retention': 'DELETE_ON_CANCELLATION' }
  expect(() => read(entries)).toThrow(
    'execution.checkpointing.externalized-checkpoint-retention is DELETE_ON_CANCELLATION, but there is no directory in which checkpoints could outlive the job: set execution.checkpointing.dir',
  )
  expect(read({ ...entries, 'execution.checkpointing.dir': '/checkpoints' }).retention).toBe('DELETE_ON_CANCELLATION')
})
