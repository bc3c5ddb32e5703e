import { readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

/** The doors whose documentation is held to having an example for everything that can be called. */
export const doors = ['packages/runtime/src/index.ts', 'packages/runtime/src/testing.ts'] as const

/** Doors whose examples run as well, if they have some. */
export const furtherDoors = ['packages/runtime/src/connector.ts'] as const

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
