import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { configurationDocument } from './configuration-document.ts'
import type { ConfigurationOption } from './configuration-option.ts'
import { ConfigurationOptions } from './configuration-options.ts'

const options = Object.values<ConfigurationOption<unknown>>(ConfigurationOptions)

test('docs/configuration.md is up to date: if this fails, run `pnpm docs:configuration`', () => {
  const document = readFileSync(new URL('../../../../docs/configuration.md', import.meta.url), 'utf8')
  expect(document).toBe(configurationDocument())
})

test('every option has one row, and no key or old name is used twice', () => {
  const document = configurationDocument()
  for (const { key } of options) expect(document.split(`\n| \`${key}\` |`)).toHaveLength(2)
  const keys = options.flatMap(({ key, deprecatedKeys }) => [key, ...deprecatedKeys])
  expect(new Set(keys).size).toBe(keys.length)
})

test('every example and every default in the table can be read', () => {
  for (const { key, type, defaultValue } of options) {
    expect(type.parse(type.example), key).toBeDefined()
    if (defaultValue !== undefined && defaultValue !== null) {
      expect(type.parse(type.format(defaultValue)), key).toEqual(defaultValue)
    }
  }
})
