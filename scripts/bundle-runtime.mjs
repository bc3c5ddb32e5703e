// Bundles @millrace/runtime: from its sources straight to dist, with what the entry points share in dist/chunks. Each worker
// thread loads all of it before it can do anything, and some ten files take a third of the time that two hundred take. The
// chunks are shared, so a class is one and the same behind every door.
//
// tsc writes the .d.ts files and nothing else there, so neither takes the files of the other for its own. Other packages stay
// outside. If no source has changed, nothing is built.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = join(root, 'packages', 'runtime')
const dist = join(folder, 'dist')
const marker = join(root, 'node_modules', '.millrace-bundle')
/** What is imported from outside: the doors of the package, its binary, and the worker threads. */
const entryPoints = ['index', 'connector', 'testing', 'cli/process-entry', 'task/worker-main']

/** @throws if a source cannot be read as TypeScript. */
export async function bundleRuntime() {
  const digest = inputDigest()
  if (isUpToDate(digest)) return
  const { build } = createRequire(join(folder, 'package.json'))('esbuild')
  const { metafile, outputFiles } = await build({
    absWorkingDir: folder,
    entryPoints: entryPoints.map((name) => `src/${name}.ts`),
    outbase: 'src',
    outdir: 'dist',
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node22.12',
    sourcemap: 'linked',
    // The sources are in the package, where the maps say.
    sourcesContent: false,
    metafile: true,
    write: false,
    logLevel: 'error',
  })
  checkOwnUrls(metafile)
  // Chunks first: at no time does an entry point name one that is not there.
  const isChunk = ({ path }) => path.includes(`${join(dist, 'chunks')}`)
  for (const file of outputFiles.filter(isChunk)) write(file)
  for (const file of outputFiles.filter((each) => !isChunk(each))) write(file)
  const outputs = outputFiles.map(({ path }) => relative(dist, path))
  removeOthers(new Set(outputs))
  writeFileSync(marker, JSON.stringify({ digest, outputs }))
}

/** A module that asks for its own address gets that of its bundle, which is to lie as deep as the module would. */
function checkOwnUrls({ outputs }) {
  for (const [output, { inputs }] of Object.entries(outputs)) {
    for (const input of Object.keys(inputs)) {
      const isWrong =
        depthOf(output) !== depthOf(input) && readFileSync(join(folder, input), 'utf8').includes('import.meta.url')
      if (isWrong) throw new Error(`${input} reads import.meta.url, and would be at another depth in ${output}`)
    }
  }
}

function depthOf(path) {
  return path.split('/').length
}

/** Whoever reads the file meanwhile gets it whole. */
function write({ path, contents }) {
  if (existsSync(path) && readFileSync(path).equals(contents)) return
  mkdirSync(dirname(path), { recursive: true })
  const temporary = `${path}.${process.pid}`
  writeFileSync(temporary, contents)
  renameSync(temporary, path)
}

/** Bundles of before would be packed. */
function removeOthers(outputs) {
  for (const file of readdirSync(dist, { recursive: true })) {
    if (/\.js(\.map)?$/.test(file) && !outputs.has(file)) rmSync(join(dist, file), { force: true })
  }
}

function isUpToDate(digest) {
  if (!existsSync(marker)) return false
  const built = JSON.parse(readFileSync(marker, 'utf8'))
  return built.digest === digest && built.outputs.every((file) => existsSync(join(dist, file)))
}

/** Differs whenever a bundle might. */
function inputDigest() {
  const hash = createHash('sha256')
  const settings = [fileURLToPath(import.meta.url), join(root, 'pnpm-lock.yaml'), join(root, 'tsconfig.base.json')]
  for (const file of settings) hash.update(readFileSync(file))
  const source = join(folder, 'src')
  for (const file of readdirSync(source, { recursive: true }).toSorted()) {
    if (!file.endsWith('.ts') || /\.(test|bench)\./.test(file)) continue
    const { size, mtimeMs } = statSync(join(source, file))
    hash.update(`${file} ${size} ${mtimeMs}\n`)
  }
  return hash.digest('hex')
}

/** For tests that run on the build, when vitest is called by itself. */
export { bundleRuntime as setup }

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundleRuntime()
