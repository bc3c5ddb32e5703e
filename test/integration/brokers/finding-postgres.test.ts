import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findPostgres } from '../../../scripts/postgres/postgres-installation.ts'
import { Machine } from './programs.ts'

const programs = { initdb: '', pg_ctl: '' }

test('A machine without PostgreSQL has none, and says so', async () => {
  using machine = new Machine({})
  const means = await findPostgres(machine.env, join(machine.directory, 'nowhere'))
  expect(means).toEqual({ kind: 'none', reason: 'there is no PostgreSQL (initdb, pg_ctl)' })
})

test('PostgreSQL on the path is taken before those of Debian', async () => {
  using machine = new Machine(programs)
  const means = await findPostgres(machine.env, join(machine.directory, 'nowhere'))
  expect(means).toMatchObject({ kind: 'programs', directory: machine.directory })
})

test('Of those of Debian, the newest is taken', async () => {
  using machine = new Machine({})
  using other = new Machine(programs)
  for (const version of ['9', '15', '17']) {
    mkdirSync(join(machine.directory, 'lib', version), { recursive: true })
    symlinkSync(other.directory, join(machine.directory, 'lib', version, 'bin'))
  }
  const means = await findPostgres(machine.env, join(machine.directory, 'lib'))
  expect(means).toMatchObject({ kind: 'programs', directory: join(machine.directory, 'lib', '17', 'bin') })
})
