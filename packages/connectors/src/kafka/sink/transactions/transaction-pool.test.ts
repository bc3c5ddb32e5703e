import { SystemClock, silentLogger } from '@millrace/runtime/testing'
import { expect, test } from 'vitest'
import { FakeKafka } from '../../testing/fake-kafka.ts'
import { TransactionPool } from './transaction-pool.ts'

function pool(): TransactionPool {
  const driver = new FakeKafka().driver(
    { bootstrapServers: ['fake:9092'] },
    { clock: new SystemClock(), logger: silentLogger },
  )
  return new TransactionPool({ driver, transactionalId: (number) => `${number}`, timeoutMs: 60_000 })
}

test('An id whose commit came after the next snapshot is not used again until that checkpoint is out of use, too', async () => {
  const ids = pool()
  const first = await ids.take()
  const snapshot1 = ids.precommit(first)
  const second = await ids.take()
  const snapshot2 = ids.precommit(second)
  // The second snapshot was taken while the first transaction waited: it is among its committables, too.
  expect(ids.precommitted()).toEqual(['0', '1'])
  ids.committed('0')
  ids.completed(snapshot1)
  ids.committed('1')
  ids.completed(snapshot2)
  const third = await ids.take()
  const fourth = await ids.take()
  const fifth = await ids.take()
  expect([third, fourth, fifth].map(({ transactionalId }) => transactionalId)).toEqual(['2', '3', '4'])
  ids.completed(ids.precommit(third))
  const used = [await ids.take(), await ids.take(), await ids.take()]
  expect(used.map(({ transactionalId, epoch }) => `${transactionalId}@${epoch}`)).toEqual(['5@0', '0@1', '1@1'])
})
