import { assert } from '../base/assert.ts'
import { ConfigurationError } from './configuration-error.ts'
import type { ConfigurationOption } from './configuration-option.ts'
import { findKey } from './find-key.ts'

/** Settings as people write them: `{ 'parallelism.default': 4, 'taskmanager.memory.segment-size': '64 kb' }`. */
export type ConfigurationEntries = Readonly<Record<string, string | number | boolean>>

const ranks = { file: 0, code: 1, 'command line': 2, deployment: 3 } as const

/**
 * Where a setting comes from, weakest first: `millrace.yaml`, `env.configure`, `-D` (or the `config` of `run`). In a worker
 * the deployment message comes before everything, so that all threads read the same.
 */
export type ConfigurationLayer = keyof typeof ranks

/** The entries of each layer, plain enough for a message. */
export type ConfigurationLayers = Readonly<Partial<Record<ConfigurationLayer, Readonly<Record<string, string>>>>>

/** Something that was read but does not do what its writer may think. */
export interface ConfigurationWarning {
  readonly key: string
  readonly message: string
}

interface Setting {
  readonly value: unknown
  readonly layer: ConfigurationLayer
  readonly viaDeprecatedKey: boolean
}

/**
 * Typed, immutable settings in layers. A stronger layer wins whatever the order of the calls, so the command line is applied
 * before the job is built and still goes before what `env.configure` says in it.
 */
export class Configuration {
  static readonly empty: Configuration = new Configuration(new Map(), [])

  readonly #settings: ReadonlyMap<ConfigurationOption<unknown>, Setting>
  /** About keys that have no effect or an old name. Each is listed once. */
  readonly warnings: readonly ConfigurationWarning[]

  private constructor(
    settings: ReadonlyMap<ConfigurationOption<unknown>, Setting>,
    warnings: readonly ConfigurationWarning[],
  ) {
    this.#settings = settings
    this.warnings = warnings
  }

  /** What {@link layers} gave in another thread: the job's own `env.configure` then takes its place between them. */
  static fromLayers(layers: ConfigurationLayers): Configuration {
    let configuration = Configuration.empty
    for (const layer of Object.keys(ranks) as ConfigurationLayer[]) {
      configuration = configuration.with(layers[layer] ?? {}, layer)
    }
    return configuration
  }

  /** What {@link entries} gave in another thread; nothing there can change it. */
  static fromEntries(entries: ConfigurationEntries): Configuration {
    return Configuration.empty.with(entries, 'deployment')
  }

  /** The value that was set in the strongest layer, else the default. */
  get<T>(option: ConfigurationOption<T>): T {
    const setting = this.#settings.get(option)
    // A setting is stored with the value that its own option's type made of it.
    return setting === undefined ? option.defaultValue : (setting.value as T)
  }

  /** Whether somebody set the option, be it to its default. */
  isSet(option: ConfigurationOption<unknown>): boolean {
    return this.#settings.has(option)
  }

  /**
   * This configuration and `entries` on top, as far as no stronger layer has set the same option.
   *
   * @param where - tells where a key was written, for errors: `millrace.yaml:3`.
   * @throws ConfigurationError `UNKNOWN_OPTION` with the nearest known key, or `ILL_TYPED_VALUE` with an example.
   */
  with(
    entries: ConfigurationEntries,
    layer: ConfigurationLayer,
    where: (key: string) => string = () => defaultPlace[layer],
  ): Configuration {
    const settings = new Map(this.#settings)
    const warnings = [...this.warnings]
    const warn = (key: string, message: string): void => {
      if (!warnings.some((each) => each.message === message)) warnings.push({ key, message })
    }
    for (const [key, raw] of Object.entries(entries)) {
      const found = findKey(key)
      if (found.kind === 'unknown') throw unknownOption(key, found.nearest, where(key))
      if (found.kind === 'foreign') {
        warn(key, `${key} (${where(key)}) has no effect: ${found.reason}`)
        continue
      }
      const { option } = found
      const viaDeprecatedKey = found.kind === 'deprecated'
      if (viaDeprecatedKey) warn(key, `${key} (${where(key)}) is an old name: use ${option.key}`)
      const value = parseValue(option, key, raw, where(key))
      const present = settings.get(option)
      if (present !== undefined && isStronger(present, { layer, viaDeprecatedKey })) continue
      settings.set(option, { value, layer, viaDeprecatedKey })
    }
    return new Configuration(settings, warnings)
  }

  /** Everything that was set, by today's keys, as text that reads back to the same. */
  entries(): Readonly<Record<string, string>> {
    return Object.assign({}, ...Object.values(this.layers()))
  }

  /** As {@link entries}, by the layer that each setting comes from: what a deployment message carries. */
  layers(): ConfigurationLayers {
    const layers: Partial<Record<ConfigurationLayer, Record<string, string>>> = {}
    for (const [option, { value, layer }] of this.#settings) {
      assert(value !== undefined && value !== null, () => `${option.key} is stored without a value`)
      layers[layer] ??= {}
      layers[layer][option.key] = option.type.format(value)
    }
    return layers
  }
}

const defaultPlace = {
  file: 'millrace.yaml',
  code: 'env.configure',
  'command line': '-D',
  deployment: 'the deployment message',
} as const satisfies Record<ConfigurationLayer, string>

/** Within one layer today's key goes before an old name, as in Flink; otherwise the later setting replaces the earlier. */
function isStronger(present: Omit<Setting, 'value'>, next: Omit<Setting, 'value'>): boolean {
  if (present.layer !== next.layer) return ranks[present.layer] > ranks[next.layer]
  return next.viaDeprecatedKey && !present.viaDeprecatedKey
}

function parseValue(option: ConfigurationOption<unknown>, key: string, raw: unknown, place: string): unknown {
  const isScalar = typeof raw === 'string' || typeof raw === 'number' || typeof raw === 'boolean'
  const value = isScalar ? option.type.parse(String(raw)) : undefined
  if (value !== undefined) return value
  const { expected, example } = option.type
  throw new ConfigurationError(
    'ILL_TYPED_VALUE',
    `Cannot read the option ${key} from ${showValue(raw)} (${place}): expected ${expected}, for example ${key}: ${example}`,
    { key, value: raw, where: place, expected, example },
  )
}

function showValue(raw: unknown): string {
  if (typeof raw === 'string') return JSON.stringify(raw)
  if (raw === null || raw === undefined) return 'nothing'
  return typeof raw === 'object' ? (Array.isArray(raw) ? 'a list' : 'an object') : String(raw)
}

function unknownOption(key: string, nearest: string | undefined, place: string): ConfigurationError {
  const hint = nearest === undefined ? 'see docs/configuration.md for all options' : `did you mean ${nearest}?`
  return new ConfigurationError('UNKNOWN_OPTION', `Unknown option ${key} (${place}): ${hint}`, {
    key,
    nearest,
    where: place,
  })
}
