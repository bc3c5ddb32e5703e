import type { ConfigurationOption } from './configuration-option.ts'
import { ConfigurationOptions } from './configuration-options.ts'
import { reasonWithoutEffect } from './foreign-keys.ts'
import { nearestWord } from './nearest-word.ts'

export type FoundKey =
  | { readonly kind: 'current' | 'deprecated'; readonly option: ConfigurationOption<unknown> }
  /** One of Flink's that has no effect here. */
  | { readonly kind: 'foreign'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly nearest: string | undefined }

/** So few edits are a slip, even inside a family of foreign keys. */
const slipEditsMax = 2

const allOptions: readonly ConfigurationOption<unknown>[] = Object.values(ConfigurationOptions)
const byKey = new Map(allOptions.map((option) => [option.key, option]))
const byDeprecatedKey = new Map(allOptions.flatMap((option) => option.deprecatedKeys.map((key) => [key, option])))

/** What a key stands for. */
export function findKey(key: string): FoundKey {
  const current = byKey.get(key)
  if (current !== undefined) return { kind: 'current', option: current }
  const renamed = byDeprecatedKey.get(key)
  if (renamed !== undefined) return { kind: 'deprecated', option: renamed }

  const slip = nearestWord(key, byKey.keys(), slipEditsMax)
  if (slip !== undefined) return { kind: 'unknown', nearest: slip }
  const reason = reasonWithoutEffect(key)
  if (reason !== undefined) return { kind: 'foreign', reason }
  return { kind: 'unknown', nearest: nearestWord(key, byKey.keys(), Math.ceil(key.length / 2)) ?? sameEnding(key) }
}

/** For keys without their path: `segment-size` means `taskmanager.memory.segment-size`. */
function sameEnding(key: string): string | undefined {
  const lower = key.toLowerCase()
  return [...byKey.keys()].find((each) => each.toLowerCase().endsWith(`.${lower}`) || each.startsWith(`${lower}.`))
}
