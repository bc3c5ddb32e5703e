import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'

/** So many bundles that no running program uses are kept, the newest. */
const idleBundlesMax = 4

const markerPrefix = 'in-use-'

/**
 * Where the bundles of a job live: a hidden directory beside the nearest `node_modules`, so that the packages of the job
 * resolve from there as they do from the job. Not inside `node_modules`, where debuggers ignore source maps.
 */
export function bundleDirectoryFor(jobFile: string): string {
  const start = dirname(jobFile)
  for (let directory = start; ; directory = dirname(directory)) {
    if (existsSync(join(directory, 'node_modules'))) return join(directory, '.millrace')
    if (directory === dirname(directory)) return join(start, '.millrace')
  }
}

/**
 * Puts the files of one bundle into `<directory>/<name>` at once or not at all, marks them as used by this process, and
 * removes old bundles that no process uses. Equal names have equal contents. Returns the bundle's directory.
 */
export function writeBundle(directory: string, name: string, files: Readonly<Record<string, string>>): string {
  mkdirSync(directory, { recursive: true })
  const ignore = join(directory, '.gitignore')
  if (!existsSync(ignore)) writeFileSync(ignore, '*\n')

  const target = join(directory, name)
  if (!holds(target, files)) {
    const unfinished = join(directory, `unfinished-${process.pid}-${name}`)
    rmSync(unfinished, { recursive: true, force: true })
    mkdirSync(unfinished)
    for (const [file, text] of Object.entries(files)) writeFileSync(join(unfinished, file), text)
    try {
      rmSync(target, { recursive: true, force: true })
      renameSync(unfinished, target)
    } catch (error) {
      // Another process was faster with the same contents.
      rmSync(unfinished, { recursive: true, force: true })
      if (!holds(target, files)) throw error
    }
  }
  writeFileSync(join(target, `${markerPrefix}${process.pid}`), '')
  removeIdleBundles(directory, name)
  return target
}

function holds(target: string, files: Readonly<Record<string, string>>): boolean {
  return Object.entries(files).every(([file, text]) => readIfThere(join(target, file)) === text)
}

function readIfThere(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}

function removeIdleBundles(directory: string, newest: string): void {
  const idle = readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== newest)
    .map((entry) => join(directory, entry.name))
    .filter((path) => !isInUse(path))
    .map((path) => ({ path, modifiedMs: modificationMs(path) }))
    .sort((a, b) => b.modifiedMs - a.modifiedMs)
  for (const { path } of idle.slice(idleBundlesMax)) rmSync(path, { recursive: true, force: true })
}

/** A marker outlives its process, so what counts is whether the process does. */
function isInUse(bundle: string): boolean {
  if (!existsSync(bundle)) return false
  const owners = readdirSync(bundle).filter((file) => file.startsWith(markerPrefix))
  const unfinished = /unfinished-(\d+)-/.exec(bundle)
  return (
    owners.some((file) => isAlive(Number(file.slice(markerPrefix.length)))) ||
    (unfinished !== null && isAlive(Number(unfinished[1])))
  )
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // The process of somebody else is alive, too.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function modificationMs(path: string): number {
  return existsSync(path) ? statSync(path).mtimeMs : 0
}
