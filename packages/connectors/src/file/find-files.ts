import { access, constants, glob, readdir, realpath, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ConnectorError } from '@millrace/runtime/connector'
import { systemCode, unreadable } from './file-errors.ts'

/** A file to be read. */
export interface FoundFile {
  /** Absolute. */
  readonly path: string
  readonly sizeBytes: number
  /** False for a pipe, a device and the like, whose size means nothing and which are read once, from the start. */
  readonly isRegular: boolean
}

/**
 * The files that `patterns` name, each once: in the order of the patterns, and sorted by path within one.
 *
 * A pattern is a path, a glob, or a directory, which is read with everything below it. Files and directories whose
 * names begin with `.` or `_` are left out unless they were named, as Flink does. Every pattern must yield a file,
 * except an empty directory.
 */
export async function findFiles(patterns: readonly (string | URL)[]): Promise<FoundFile[]> {
  const found = new Map<string, FoundFile>()
  for (const pattern of patterns) {
    const path = typeof pattern === 'string' ? pattern : fileURLToPath(pattern)
    for (const file of await filesOf(path)) if (!found.has(file.path)) found.set(file.path, file)
  }
  return [...found.values()]
}

async function filesOf(pattern: string): Promise<FoundFile[]> {
  // A file may well be called `a[1].txt`: what exists is taken as it is written.
  const named = await describe(resolve(pattern), pattern)
  if (named === 'directory') return filesBelow(resolve(pattern))
  if (named !== 'missing') return [named]
  if (!/[*?[\]{}]/.test(pattern)) {
    throw new ConnectorError(
      'FILE_NOT_FOUND',
      `Cannot read "${pattern}": there is no file ${resolve(pattern)}. Check the path; relative paths start at the ` +
        `working directory, ${process.cwd()}.`,
      { path: pattern, resolved: resolve(pattern), workingDirectory: process.cwd() },
    )
  }
  return filesMatching(pattern)
}

async function filesMatching(pattern: string): Promise<FoundFile[]> {
  const files: FoundFile[] = []
  const matches: string[] = []
  for await (const match of glob(pattern)) matches.push(match)
  for (const match of matches.sort(byCodeUnits)) {
    if (isHidden(basename(match)) && !isHidden(basename(pattern))) continue
    const file = await describe(resolve(match), match)
    if (typeof file === 'object') files.push(file)
  }
  if (files.length > 0) return files
  throw new ConnectorError(
    'NO_FILE_MATCHES',
    `Cannot read "${pattern}": no file matches. Relative patterns start at the working directory, ${process.cwd()}; ` +
      'on the command line, quote the pattern so that the shell leaves it alone.',
    { path: pattern, workingDirectory: process.cwd() },
  )
}

async function filesBelow(directory: string, above: readonly string[] = []): Promise<FoundFile[]> {
  const files: FoundFile[] = []
  let names: string[]
  let real: string
  try {
    real = await realpath(directory)
    names = await readdir(directory)
  } catch (error) {
    throw unreadable(directory, error)
  }
  // A link to a directory above would lead round in a circle.
  if (above.includes(real)) return files
  for (const name of names.sort(byCodeUnits)) {
    if (isHidden(name)) continue
    const path = join(directory, name)
    const file = await describe(path, path)
    if (file === 'directory') files.push(...(await filesBelow(path, [...above, real])))
    else if (file !== 'missing') files.push(file)
  }
  return files
}

async function describe(path: string, shown: string): Promise<FoundFile | 'directory' | 'missing'> {
  try {
    const stats = await stat(path)
    if (stats.isDirectory()) return 'directory'
    await access(path, constants.R_OK)
    return { path, sizeBytes: stats.size, isRegular: stats.isFile() }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 'missing'
    throw unreadable(shown, error)
  }
}

function isHidden(name: string): boolean {
  return name.startsWith('.') || name.startsWith('_')
}

/** The same order on every machine, whatever its language. */
function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
