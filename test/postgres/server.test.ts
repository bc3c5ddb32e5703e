import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { startTestPostgres } from './test-postgres.ts'

test('A database of tests answers', async () => {
  await using postgres = await startTestPostgres()
  expect(await isAnswered(postgres.port)).toBe(true)
})

test('It is gone when the test is done with it', async () => {
  const postgres = await startTestPostgres()
  await postgres.stop()
  await expect(isAnswered(postgres.port)).rejects.toThrow('ECONNREFUSED')
})

/** Asks whether it talks over TLS, which every PostgreSQL answers with one letter: here no. */
function isAnswered(port: number): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>()
  const socket = connect(port, '127.0.0.1', () => socket.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])))
  socket.on('data', (answer) => {
    resolve(String(answer) === 'N')
    socket.destroy()
  })
  socket.on('error', reject)
  return promise
}
