import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { Configuration } from '../configuration/configuration.ts'
import { StreamExecutionEnvironment } from './stream-execution-environment.ts'

const thisFile = fileURLToPath(import.meta.url)

test('Each operator knows the line where it was added, through however many layers of the API', () => {
  const env = new StreamExecutionEnvironment(Configuration.empty)
  env
    .fromElements(1)
    .map((n) => n)
    .keyBy((n) => n)
    .reduce((a, b) => a + b)
    .print()
  const locations = [...env.topology.sources, ...env.topology.operators].map(({ settings }) => settings.location)
  const files = locations.map((location) => location?.replace(/:\d+$/, ''))
  const lines = locations.map((location) => Number(location?.split(':').at(-1)))
  expect(files).toEqual([thisFile, thisFile, thisFile, thisFile])
  expect(lines.map((line) => line - lines[0]!)).toEqual([0, 1, 3, 4])
})

test('Asking for the place leaves the depth of stacks as it was', () => {
  Error.stackTraceLimit = 37
  new StreamExecutionEnvironment(Configuration.empty).fromElements(1).print()
  expect(Error.stackTraceLimit).toBe(37)
})
