// Makes a fresh clone ready: installs what the lockfile names and builds the packages. Quiet and idempotent.
// Runs on whatever Node the machine has (>= 20); what comes after it uses the Node 24 that the install brought.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const modules = join(root, 'node_modules')
const marker = join(modules, '.millrace-setup')

run(
  'the installation of packages',
  installIsCurrent() ? undefined : ['npx', '-y', 'pnpm@12.21.0', 'install', '--frozen-lockfile'],
)
writeFileSync(marker, installDigest())
run('the build', [join(modules, '.bin', 'tsc'), '-b', 'packages/runtime', 'packages/connectors'])

function run(what, command) {
  if (command === undefined) return
  if (what === 'the installation of packages') console.error('Installing packages (only the first time) ...')
  const path = join(modules, '.bin') + delimiter + process.env.PATH
  const done = spawnSync(command[0], command.slice(1), {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, PATH: path },
  })
  if (done.status === 0) return
  console.error(`${done.stdout ?? ''}${done.stderr ?? ''}`)
  console.error(
    `Setup failed: ${what} (${command.join(' ')}) ended with ${done.error?.message ?? `status ${done.status}`}.`,
  )
  process.exit(1)
}

function installDigest() {
  const hash = createHash('sha256')
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json'])
    hash.update(readFileSync(join(root, file)))
  return hash.digest('hex')
}

function installIsCurrent() {
  return existsSync(marker) && readFileSync(marker, 'utf8') === installDigest()
}
