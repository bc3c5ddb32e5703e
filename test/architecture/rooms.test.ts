import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { importsBelow, importsOf } from './imports.ts'
import { connectorViolations, kafkaViolations, roomViolations } from './rooms.ts'

const folder = (path: string) => fileURLToPath(new URL(`../../packages/${path}`, import.meta.url))

test('rooms of the runtime import from lower floors only, and outside packages have one place each', () => {
  const imports = importsBelow(folder('runtime/src'))
  expect(imports.length).toBeGreaterThan(100)
  expect(roomViolations(imports)).toEqual([])
})

test('connectors import the contract, Node and their own dependencies only', () => {
  const manifest = readFileSync(folder('connectors/package.json'), 'utf8')
  const { dependencies = {}, peerDependenciesMeta = {} } = JSON.parse(manifest) as {
    dependencies?: Record<string, string>
    peerDependenciesMeta?: Record<string, unknown>
  }
  const imports = importsBelow(folder('connectors/src'))
  expect(imports.length).toBeGreaterThan(0)
  expect(connectorViolations(imports, Object.keys({ ...dependencies, ...peerDependenciesMeta }))).toEqual([])
})

test('rooms of the Kafka connector import from lower floors only', () => {
  expect(kafkaViolations(importsBelow(folder('connectors/src')))).toEqual([])
  const at = (file: string, specifier: string) => ({ file, line: 3, specifier })
  expect(
    kafkaViolations([
      at('kafka/source/a.ts', '../sink/transactions/b.ts'),
      at('kafka/sink/a.ts', '../kafka-properties.ts'),
      at('kafka/driver/fetch/a.ts', '../protocol/b.ts'),
      at('kafka/driver/a.ts', '../formats/format.ts'),
      at('kafka/source/a.ts', '../sink/kafka-sink.ts'),
      at('kafka/sink/transactions/a.ts', '../kafka-writer.ts'),
      at('kafka/sink/a.ts', '../testing/fake-kafka.ts'),
    ]),
  ).toEqual([
    'kafka/driver/a.ts:3 imports kafka/formats/format.ts: "driver" may not import from "formats"',
    'kafka/source/a.ts:3 imports kafka/sink/kafka-sink.ts: "source" may not import from "sink"',
    'kafka/sink/transactions/a.ts:3 imports kafka/sink/kafka-writer.ts: "sink/transactions" may not import from "sink"',
    'kafka/sink/a.ts:3 imports kafka/testing/fake-kafka.ts: it is for tests only, and not packed',
  ])
})

test('importsOf finds every kind of import, and none in comments and texts', () => {
  const source = `import { a } from './a.ts'
import type { B } from "../b.ts"
import 'side-effect'
import c, {
  type D,
} from 'c'
export * from './e.ts'
export { f as g } from './f.ts'
export type { H } from './h.ts'
import * as i from 'node:i'
const j = await import('j')
const k = import.meta.url
type L = import('./l.ts').L
// import { no } from 'comment'
/* import { no } from 'comment' */
const text = \`import { no } from 'text'\`
const example = "import { no } from './text.ts'"
export const from = 'not-a-module'
`
  expect(importsOf(source).map(({ line, specifier }) => `${line} ${specifier}`)).toEqual([
    '1 ./a.ts',
    '2 ../b.ts',
    '3 side-effect',
    '4 c',
    '7 ./e.ts',
    '8 ./f.ts',
    '9 ./h.ts',
    '10 node:i',
    '11 j',
    '13 ./l.ts',
  ])
})

test('roomViolations names the file, the line and the floors', () => {
  const at = (file: string, specifier: string) => ({ file, line: 3, specifier })
  const allowed = [
    at('keys/a.ts', '../base/error.ts'),
    at('keys/a.ts', './b.ts'),
    at('cluster/worker-slots.ts', 'piscina'),
    at('testing/world.ts', '../task/subtask.ts'),
    at('index.ts', './api/data-stream.ts'),
    at('cli/run.ts', 'commander'),
    at('task/testing/task-by-hand.ts', '../../testing/world.ts'),
  ]
  expect(roomViolations(allowed)).toEqual([])
  const forbidden = [
    at('base/clock.ts', '../keys/key-group.ts'),
    at('keys/a.ts', '../record/row.ts'),
    at('task/subtask.ts', '../cluster/job-manager.ts'),
    at('cluster/job-manager.ts', '../task/subtask.ts'),
    at('operators/map.ts', '../index.ts'),
    at('cluster/slots.ts', '../testing/world.ts'),
    at('cluster/slots.ts', './testing/fake-slots.ts'),
    at('utils/sleep.ts', '../base/clock.ts'),
    at('cluster/job-manager.ts', 'piscina'),
    at('api/environment.ts', 'kafkajs'),
    at('state/table.ts', 'msgpackr/unpack'),
    at('cli/logger.ts', 'pino'),
    at('task/slot-logger.ts', 'pino'),
  ]
  expect(roomViolations(forbidden)).toEqual([
    'base/clock.ts:3 imports keys/key-group.ts: "base" is on floor 1 and may not import from "keys" on floor 2',
    'keys/a.ts:3 imports record/row.ts: "keys" is on floor 2 and may not import from "record" on floor 2',
    'task/subtask.ts:3 imports cluster/job-manager.ts: "task" is on floor 10 and may not import from "cluster" on floor 10',
    'cluster/job-manager.ts:3 imports task/subtask.ts: "cluster" is on floor 10 and may not import from "task" on floor 10',
    'operators/map.ts:3 imports index.ts: a room imports the file itself, not a door',
    'cluster/slots.ts:3 imports testing/world.ts: no room may import from "testing"',
    'cluster/slots.ts:3 imports cluster/testing/fake-slots.ts: it is for tests only, and not packed',
    'utils/sleep.ts: the room "utils" has no floor',
    'cluster/job-manager.ts:3 imports piscina: its place is ^(cluster|task)\\/[^/]*(slot|worker|thread)[^/]*\\.ts$',
    'api/environment.ts:3 imports kafkajs: it has no place in the runtime',
    'state/table.ts:3 imports msgpackr/unpack: its place is ^(record|snapshot|protocol)\\/',
    'pino is imported by more than one file: cli/logger.ts, task/slot-logger.ts',
  ])
})

test('connectorViolations names what a connector may not see', () => {
  const at = (specifier: string) => ({ file: 'kafka/source.ts', line: 1, specifier })
  expect(
    connectorViolations(['kafkajs', 'node:fs', '@millrace/runtime/connector', '../file/lines.ts'].map(at), ['kafkajs']),
  ).toEqual([])
  expect(
    connectorViolations(
      ['kafkajs', '@millrace/runtime', '../../../runtime/src/base/error.ts', '@millrace/runtime/dist/x.js'].map(at),
      [],
    ),
  ).toEqual([
    'kafka/source.ts:1 imports kafkajs: the package does not depend on it',
    'kafka/source.ts:1 imports @millrace/runtime: a connector sees @millrace/runtime/connector and /testing only',
    "kafka/source.ts:1 imports ../../../runtime/src/base/error.ts: it is outside of the package's sources",
    'kafka/source.ts:1 imports @millrace/runtime/dist/x.js: a connector sees @millrace/runtime/connector and /testing only',
  ])
})
