import { KafkaError } from './driver/kafka-error.ts'

/** Settings by Kafka's own names, as in its configuration files. Numbers and booleans may be text. */
export type KafkaProperties = Readonly<Record<string, string | number | boolean>>

/**
 * Takes properties one by one; whatever nobody has taken is refused by `checkAllTaken`, so that no setting is silently without
 * effect.
 */
export class PropertyReader {
  readonly #properties: KafkaProperties
  readonly #taken = new Set<string>()

  constructor(properties: KafkaProperties = {}) {
    this.#properties = properties
  }

  text(name: string): string | undefined {
    this.#taken.add(name)
    const value = this.#properties[name]
    return value === undefined ? undefined : String(value)
  }

  integer(name: string): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    if (!/^-?\d{1,15}$/.test(text.trim())) throw refused(name, text, 'it must be an integer')
    return Number(text)
  }

  boolean(name: string): boolean | undefined {
    return this.oneOf(name, { true: true, false: false })
  }

  /** The value that `choices` has for it; case does not count. */
  oneOf<V>(name: string, choices: Readonly<Record<string, V>>): V | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const key = Object.keys(choices).find((choice) => choice.toLowerCase() === text.trim().toLowerCase())
    if (key === undefined) throw refused(name, text, `it must be one of ${Object.keys(choices).join(', ')}`)
    return choices[key]
  }

  checkAllTaken(): void {
    const unknown = Object.keys(this.#properties).find((name) => !this.#taken.has(name))
    if (unknown === undefined) return
    const known = [...this.#taken].toSorted().join(', ')
    throw refused(unknown, this.#properties[unknown], `it has no meaning here. Known are: ${known}`)
  }
}

function refused(name: string, value: unknown, reason: string): KafkaError {
  // Whatever has to do with passwords does not belong in logs.
  const shown = /password|jaas/.test(name) ? '' : ` ${JSON.stringify(value)}`
  return new KafkaError('INVALID_OPTION', `Cannot use the property "${name}"${shown}: ${reason}.`, { option: name })
}

/** Of `value`, without the keys whose value is undefined: `{ ...withoutUndefined(weaker), ...withoutUndefined(stronger) }`. */
export function withoutUndefined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
