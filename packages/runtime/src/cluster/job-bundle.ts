import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { basename, dirname, extname, join, relative, resolve } from 'node:path'
import process from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type BuildFailure, build, type Message } from 'esbuild'
import { JobFileError } from '../api/job-file-error.ts'
import { messageOf } from '../base/message-of.ts'
import { bundleDirectoryFor, writeBundle } from './bundle-directory.ts'
import { bundlePlugin, importMetaName, resolveName } from './bundle-plugin.ts'

/** A job as one file: what every thread of the job imports, also after a restart, even if the sources have changed. */
export interface JobBundle {
  readonly path: string
  readonly url: string
  /** Hex digest of the bundle. */
  readonly sha256: string
  /** The job's own file, absolute. */
  readonly sourceFile: string
}

const jobFileExtensions = ['.ts', '.mts', '.cts', '.tsx', '.js', '.mjs', '.cjs', '.jsx']
const shownProblemsMax = 3

/**
 * Bundles a job with the files it imports. Packages stay outside and resolve as they do from the job.
 *
 * @throws JobFileError if there is no such file, or esbuild cannot read it (with file, line and column).
 */
export async function bundleJob(jobFile: string | URL): Promise<JobBundle> {
  const sourceFile = resolve(jobFile instanceof URL || jobFile.startsWith('file:') ? fileURLToPath(jobFile) : jobFile)
  checkJobFile(sourceFile)
  const directory = bundleDirectoryFor(sourceFile)
  // All bundles lie equally deep, so the source map's relative paths hold wherever the digest puts the bundle.
  const { code, map } = await runEsbuild(sourceFile, join(directory, 'bundle', 'job.mjs'))
  const sha256 = createHash('sha256').update(code).digest('hex')
  try {
    const path = join(writeBundle(directory, sha256.slice(0, 16), { 'job.mjs': code, 'job.mjs.map': map }), 'job.mjs')
    return { path, url: pathToFileURL(path).href, sha256, sourceFile }
  } catch (cause) {
    throw new JobFileError(
      'BUNDLE_NOT_WRITTEN',
      `Cannot write the bundle of ${shown(sourceFile)} into ${directory}: ${messageOf(cause)}. ` +
        "It must lie beside the job's node_modules, so that the job's packages are found: make that directory writable",
      { directory },
      { cause },
    )
  }
}

function checkJobFile(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) {
    throw new JobFileError('JOB_FILE_NOT_FOUND', `There is no job file ${path}: check the path`, { path })
  }
  if (stats.isDirectory()) {
    throw new JobFileError('JOB_FILE_IS_DIRECTORY', `${path} is a directory: name the file of the job in it`, { path })
  }
  if (!jobFileExtensions.includes(extname(path))) {
    throw new JobFileError(
      'UNSUPPORTED_JOB_FILE',
      `${path} is no TypeScript or JavaScript file: a job file ends with ${jobFileExtensions.join(', ')}`,
      { path },
    )
  }
}

async function runEsbuild(sourceFile: string, outfile: string): Promise<{ code: string; map: string }> {
  try {
    const { outputFiles } = await build({
      entryPoints: [sourceFile],
      outfile,
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'node',
      target: 'node22.12',
      sourcemap: 'linked',
      logLevel: 'silent',
      absWorkingDir: dirname(sourceFile),
      define: { 'import.meta': importMetaName },
      banner: { js: bannerFor(sourceFile) },
      plugins: [bundlePlugin(dirname(outfile))],
    })
    const textOf = (suffix: string): string => outputFiles.find((file) => file.path.endsWith(suffix))?.text ?? ''
    return { code: textOf('.mjs'), map: textOf('.map') }
  } catch (cause) {
    if (!isBuildFailure(cause)) throw cause
    const problems = cause.errors.map((error) => describe(error, dirname(sourceFile)))
    const more = problems.length > shownProblemsMax ? ` (and ${problems.length - shownProblemsMax} more)` : ''
    throw new JobFileError(
      'JOB_NOT_BUNDLED',
      `Cannot read the job ${shown(sourceFile)}: ${problems.slice(0, shownProblemsMax).join('; ')}${more}`,
      { path: sourceFile, problems, hint: hintFor(cause.errors) },
    )
  }
}

/** CommonJS files inside a bundle need a `require`, and `import.meta.resolve` of each file needs the real one. */
function bannerFor(sourceFile: string): string {
  const url = JSON.stringify(pathToFileURL(sourceFile).href)
  return (
    `import { createRequire as __millraceCreateRequire } from 'node:module'; ` +
    `const require = __millraceCreateRequire(${url}); ` +
    `const ${resolveName} = (url) => (specifier) => /^\\.{0,2}\\//.test(specifier) ` +
    `? new globalThis.URL(specifier, url).href : import.meta.resolve(specifier);`
  )
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors)
}

function hintFor(errors: readonly Message[]): string {
  const unresolved = errors.map(({ text }) => /^Could not resolve "([^"]+)"/.exec(text)?.[1]).find((path) => path)
  if (unresolved === undefined)
    return 'correct the file; a job is TypeScript whose types can be stripped, or JavaScript'
  if (/^[./]/.test(unresolved)) return 'check the path of the import, and its ending'
  const name = unresolved.split('/', unresolved.startsWith('@') ? 2 : 1).join('/')
  return `install the package beside the job: npm install ${name}`
}

function describe({ text, location }: Message, workingDirectory: string): string {
  if (location === null) return text
  // esbuild counts columns from 0, editors from 1.
  return `${shown(resolve(workingDirectory, location.file))}:${location.line}:${location.column + 1}: ${text}`
}

/** As short as it is unambiguous. */
function shown(path: string): string {
  const short = relative(process.cwd(), path)
  return short.startsWith('..') ? path : short || basename(path)
}
