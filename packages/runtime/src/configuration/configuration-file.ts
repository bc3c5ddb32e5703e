import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { isMap, isScalar, LineCounter, type Node, parseDocument } from 'yaml'
import { messageOf } from '../base/message-of.ts'
import { Configuration, type ConfigurationEntries } from './configuration.ts'
import { ConfigurationError } from './configuration-error.ts'

/** The name that is looked for beside the job. */
export const configurationFileName = 'millrace.yaml'

/** A file above this size is a mistake. */
const fileBytesMax = 1_048_576

/**
 * The settings of a YAML file, nested (`taskmanager: { numberOfTaskSlots: 4 }`), dotted or mixed. A file that does not exist
 * has none.
 *
 * @throws ConfigurationError with file and line.
 */
export function loadConfigurationFile(path: string): Configuration {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return Configuration.empty
    throw new ConfigurationError(
      'UNREADABLE_FILE',
      `Cannot read the configuration file ${path}: ${messageOf(cause)}`,
      { path },
      { cause },
    )
  }
  return parseConfigurationFile(text, basename(path))
}

/** As {@link loadConfigurationFile}; `fileName` is for errors. */
export function parseConfigurationFile(text: string, fileName: string): Configuration {
  const lines = new LineCounter()
  if (text.length > fileBytesMax) throw malformed(fileName, `it has more than ${fileBytesMax} characters`)
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  const [error] = document.errors
  if (error !== undefined) throw malformed(`${fileName}:${lines.linePos(error.pos[0]).line}`, error.message)

  const entries: Record<string, ConfigurationEntries[string]> = {}
  const places = new Map<string, string>()
  const place = (node: Node | null): string => `${fileName}:${lines.linePos(node?.range?.[0] ?? 0).line}`
  flatten(document.contents, '')
  return Configuration.empty.with(entries, 'file', (key) => places.get(key) ?? fileName)

  function flatten(node: Node | null, path: string): void {
    if (isMap<Node, Node | null>(node)) {
      for (const { key, value } of node.items) {
        if (!isScalar(key)) throw malformed(place(key), 'a key must be a word')
        const full = path === '' ? String(key.value) : `${path}.${key.value}`
        if (isMap(value)) flatten(value, full)
        else put(full, value, key)
      }
    } else if (path === '' && node !== null && !(isScalar(node) && node.value === null)) {
      throw malformed(place(node), 'expected lines of the form "key: value"')
    }
  }

  function sourceOf(node: Node | null): string {
    return isScalar(node) || !node?.range ? '' : text.slice(node.range[0], node.range[1])
  }

  function put(key: string, value: Node | null, keyNode: Node): void {
    const first = places.get(key)
    if (first !== undefined) {
      throw new ConfigurationError(
        'DUPLICATE_OPTION',
        `${place(keyNode)} sets ${key} again: ${first} sets it already`,
        {
          key,
          where: place(keyNode),
          first,
        },
      )
    }
    places.set(key, place(keyNode))
    // The characters as written, because a type of ours reads them: 007, 1e3 and 0.10 are the writer's.
    entries[key] = isScalar(value) && value.value !== null ? (value.source ?? String(value.value)) : sourceOf(value)
  }
}

function malformed(place: string, problem: string): ConfigurationError {
  return new ConfigurationError('MALFORMED_FILE', `Cannot read the configuration ${place}: ${problem}`, {
    where: place,
  })
}
