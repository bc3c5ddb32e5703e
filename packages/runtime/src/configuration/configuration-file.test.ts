import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadConfigurationFile, parseConfigurationFile } from './configuration-file.ts'
import { parseDynamicProperties } from './dynamic-properties.ts'

const parse = (text: string) => parseConfigurationFile(text, 'millrace.yaml')

describe('millrace.yaml', () => {
  test('may be nested, dotted or both', () => {
    const expected = {
      'parallelism.default': '4',
      'taskmanager.numberOfTaskSlots': '8',
      'taskmanager.memory.segment-size': '64 kb',
    }
    expect(
      parse(
        'parallelism.default: 4\ntaskmanager.numberOfTaskSlots: 8\ntaskmanager.memory.segment-size: 64 kb\n',
      ).entries(),
    ).toEqual(expected)
    expect(
      parse(
        'parallelism: {default: 4}\ntaskmanager:\n  numberOfTaskSlots: 8\n  memory.segment-size: "64kb"\n',
      ).entries(),
    ).toEqual(expected)
  })

  test('may be empty', () => {
    expect(parse('').entries()).toEqual({})
    expect(parse('# nothing yet\n').entries()).toEqual({})
  })

  test.each([
    ['a: [1', 'MALFORMED_FILE', 'millrace.yaml:1'],
    ['- 1\n- 2\n', 'MALFORMED_FILE', 'millrace.yaml:1: expected lines of the form "key: value"'],
    ['\nhello\n', 'MALFORMED_FILE', 'millrace.yaml:2: expected lines of the form "key: value"'],
    [
      'pipeline:\n  name: a\n  nome: b\n',
      'UNKNOWN_OPTION',
      'pipeline.nome (millrace.yaml:3): did you mean pipeline.name?',
    ],
    ['parallelism.default: many', 'ILL_TYPED_VALUE', 'parallelism.default from "many" (millrace.yaml:1)'],
    ['parallelism.default:', 'ILL_TYPED_VALUE', 'parallelism.default from "" (millrace.yaml:1)'],
    ['parallelism.default: [1, 2]', 'ILL_TYPED_VALUE', 'parallelism.default from "[1, 2]" (millrace.yaml:1)'],
    [
      'parallelism.default: 1\nparallelism:\n  default: 2\n',
      'DUPLICATE_OPTION',
      'millrace.yaml:3 sets parallelism.default again: millrace.yaml:1 sets it already',
    ],
    ['parallelism.default: 1\nparallelism.default: 2\n', 'MALFORMED_FILE', 'millrace.yaml:2'],
  ])('refuses %j with its line', (text, code, message) => {
    const error = thrown(() => parse(text))
    expect(error).toMatchObject({ code, message: expect.stringContaining(message) })
  })

  test('warns with the line about keys that have no effect', () => {
    expect(parse('env:\n  java:\n    opts: -Xmx1g\n').warnings.map((warning) => warning.message)).toEqual([
      'env.java.opts (millrace.yaml:3) has no effect: it belongs to a JVM or to the scripts that start a cluster of them',
    ])
  })

  test('is not required', () => {
    const directory = mkdtempSync(join(tmpdir(), 'millrace-configuration-'))
    try {
      const path = join(directory, 'millrace.yaml')
      expect(loadConfigurationFile(path).entries()).toEqual({})
      writeFileSync(path, 'pipeline.name: nightly\n')
      expect(loadConfigurationFile(path).entries()).toEqual({ 'pipeline.name': 'nightly' })
      expect(thrown(() => loadConfigurationFile(directory))).toMatchObject({
        code: 'UNREADABLE_FILE',
        facts: { path: directory },
      })
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
})

test('dynamic properties are key=value, of two for one key the later counts', () => {
  expect(parseDynamicProperties(['a=1', 'b=x=y', 'a = 2', 'c='])).toEqual({ a: '2', b: 'x=y', c: '' })
  for (const property of ['a', '=1', '', ' = 1']) {
    expect(thrown(() => parseDynamicProperties([property]))).toMatchObject({
      code: 'MALFORMED_PROPERTY',
      facts: { property },
    })
  }
})

function thrown(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}
