import { expect, test } from 'vitest'
import { ConnectorError } from '../connector/connector-error.ts'
import { describeError, reviveError } from '../protocol/error-data.ts'
import { SnapshotError } from '../snapshot/snapshot-error.ts'
import { StateError } from '../state/state-error.ts'
import { ClusterError } from './cluster-error.ts'
import { isLastingFailure } from './lasting-failure.ts'

/** As it comes from a slot. */
const failed = (cause: unknown) =>
  new ClusterError('JOB_FAILED', 'Job "orders" failed', {}, { cause: reviveError(describeError(cause)) })

test('State that does not fit the job, and damaged snapshots, are there for every attempt', () => {
  expect(isLastingFailure(failed(new StateError('STATE_TYPE_CHANGED', 'long, and string is declared')))).toBe(true)
  const wrapped = new Error('Cannot open the function', { cause: new SnapshotError('SNAPSHOT_CORRUPT', 'cut off') })
  expect(isLastingFailure(failed(wrapped))).toBe(true)
})

test('An error may say of itself that it lasts, also from another thread', () => {
  const lost = new ConnectorError('TRANSACTION_LOST', 'It timed out', {}, { isLasting: true })
  const open = new ConnectorError('TRANSACTION_LOST', 'It timed out')
  expect([lost, open].map((cause) => isLastingFailure(failed(cause)))).toEqual([true, false])
})

test('What functions throw and what storage refuses may be otherwise the next time', () => {
  const others = [
    new Error('connection refused'),
    new SnapshotError('STORAGE_FAILED', 'EIO'),
    Object.assign(new Error('odd'), { code: 7 }),
    'a text',
  ]
  expect(others.map((cause) => isLastingFailure(failed(cause)))).toEqual([false, false, false, false])
  const circular = new Error('a')
  circular.cause = circular
  expect(isLastingFailure(circular)).toBe(false)
})
