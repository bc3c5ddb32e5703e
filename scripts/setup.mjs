// Makes a clone ready: installs what the lockfile names and builds the packages. Quiet, and quick if there is nothing to do.
// Runs on whatever Node the machine has (>= 20); what comes after it uses the Node 24 that the install brought.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const pnpm = 'pnpm@12.21.0'
const root = fileURLToPath(new URL('..', import.meta.url))
const modules = join(root, 'node_modules')
const marker = join(modules, '.millrace-setup')

if (Number(process.versions.node.split('.')[0]) < 20) {
  fail(
    `this is Node ${process.versions.node}.`,
    'Install Node 20 or newer; it will bring the Node 24 that everything here runs on.',
  )
}
if (!isInstalled()) {
  console.error('Installing packages ...')
  // CI: pnpm asks nothing, and replaces a node_modules that another tool has made.
  const done = run('npx', ['-y', pnpm, 'install', '--frozen-lockfile'], { CI: 'true' })
  if (done.status !== 0) fail('the packages could not be installed.', remedyOf(output(done)), done)
  writeFileSync(marker, installDigest())
}
// A broker starts also while the packages do not compile.
if (!process.argv.includes('--without-build')) build()

function build() {
  const built = run(join(modules, '.bin', 'tsc'), ['-b', 'packages/runtime', 'packages/connectors'])
  if (built.status !== 0)
    fail('the packages do not compile.', 'Mend what tsc names above; npm run build tries again.', built)
  removeStaleOutput('runtime', /\.d\.ts(\.map)?$/)
  removeStaleOutput('connectors', /\.(js|d\.ts)(\.map)?$/)
  const bundled = run(process.execPath, [join(root, 'scripts', 'bundle-runtime.mjs')])
  if (bundled.status !== 0)
    fail('the runtime could not be bundled.', 'Mend what esbuild names above; npm run build tries again.', bundled)
}

/** tsc leaves the output of files that are gone, and it would be packed. */
function removeStaleOutput(name, pattern) {
  const folder = join(root, 'packages', name)
  const dist = join(folder, 'dist')
  const outputs = readdirSync(dist, { recursive: true }).filter((file) => pattern.test(file))
  for (const file of outputs) {
    const source = join(folder, 'src', file.replace(/\.(js|d\.ts)(\.map)?$/, '.ts'))
    if (!existsSync(source) || /\.(test|bench)\./.test(file)) rmSync(join(dist, file))
  }
}

function run(command, args, environment = {}) {
  const path = join(modules, '.bin') + delimiter + process.env.PATH
  const env = { ...process.env, ...environment, PATH: path }
  return spawnSync(command, args, { cwd: root, encoding: 'utf8', env })
}

function fail(what, remedy, done) {
  if (done !== undefined) console.error(output(done))
  console.error(`Setup failed: ${what}\n${remedy}`)
  process.exit(1)
}

function output(done) {
  return `${done.stdout ?? ''}${done.stderr ?? ''}${done.error?.message ?? ''}`.trimEnd()
}

function remedyOf(text) {
  const isNetwork = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_PNPM_META_FETCH_FAIL/.test(
    text,
  )
  if (isNetwork)
    return 'The registry of npm does not answer: check the network, and the proxy and registry of npm config.'
  if (/ENOENT/.test(text) && /npx/.test(text)) return 'There is no npx: install npm, which has it.'
  if (/ERR_PNPM_OUTDATED_LOCKFILE/.test(text))
    return `A package.json was changed: npx -y ${pnpm} install renews the lockfile.`
  return 'See above; once it is mended, the same command goes on.'
}

function isInstalled() {
  return existsSync(marker) && readFileSync(marker, 'utf8') === installDigest()
}

/** Differs whenever an installation would. */
function installDigest() {
  const hash = createHash('sha256').update(`${pnpm} ${process.platform} ${process.arch}`)
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) hash.update(readFileSync(join(root, file)))
  return hash.digest('hex')
}
