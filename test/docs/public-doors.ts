import { readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

/** The doors whose documentation is held to having an example for everything that can be called. */
export const doors: readonly string[] = [
  'packages/runtime/src/index.ts',
  'packages/runtime/src/testing.ts',
  ...connectors().map((connector) => `packages/connectors/src/${connector}/index.ts`),
]

/** Doors whose examples run as well, if they have some. */
export const furtherDoors: readonly string[] = ['packages/runtime/src/connector.ts']

/** How users import from a door: `packages/runtime/src/testing.ts` is `@millrace/runtime/testing`. */
export function specifierOf(door: string): string {
  const [, name = '', entry = ''] = /^packages\/(\w+)\/src\/(.+?)(?:\/index)?\.ts$/.exec(door) ?? []
  return `@millrace/${name}${entry === 'index' ? '' : `/${entry}`}`
}

export interface PublicName {
  readonly name: string
  readonly isType: boolean
  /** The door, and the file behind it, from the root of the repository. */
  readonly door: string
  readonly file: string
}

/** Every `export { ... } from '...'` of a door: doors hold nothing else. */
export function publicNames(door: string): readonly PublicName[] {
  const path = resolve(repositoryRoot, door)
  const text = readFileSync(path, 'utf8')
  const names: PublicName[] = []
  for (const [, type, list = '', from = ''] of text.matchAll(/^export( type)? \{([^}]*)\} from '([^']+)'$/gm)) {
    if (!from.startsWith('.')) continue
    const file = relative(repositoryRoot, resolve(dirname(path), from))
    for (const entry of list.split(',').map((each) => each.trim())) {
      if (entry === '') continue
      const isType = type !== undefined || entry.startsWith('type ')
      names.push({ name: entry.replace(/^type /, ''), isType, door, file })
    }
  }
  return names
}

/** Every export path of @millrace/connectors. */
function connectors(): readonly string[] {
  const manifest = readFileSync(resolve(repositoryRoot, 'packages/connectors/package.json'), 'utf8')
  const { exports } = JSON.parse(manifest) as { exports: Record<string, unknown> }
  return Object.keys(exports)
    .filter((path) => path !== './package.json')
    .map((path) => path.slice('./'.length))
}
