import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { compareKeyGroups } from './key-groups.ts'
import { comparePlans } from './plans.ts'
import { runConformance } from './run-conformance.ts'

const directory = mkdtempSync(join(tmpdir(), 'millrace-conformance-'))
afterAll(() => rmSync(directory, { recursive: true }))

const vectors = (name: string) => fileURLToPath(new URL(`vectors/${name}.json`, import.meta.url))

test.each([
  { kind: 'keygroups', agreeing: 281 },
  { kind: 'ranges', agreeing: 550 },
  { kind: 'uids', agreeing: 19 },
  { kind: 'plan', agreeing: 26 },
])('all $agreeing $kind recorded from Flink agree', ({ kind, agreeing }) => {
  const { exitStatus, output, errors } = runConformance([kind, vectors(kind)])
  expect(errors).toEqual([])
  expect(output.filter((line) => /^agree|differs:$|^ {2}at /.test(line))).toEqual([`agree ${agreeing} of ${agreeing}`])
  expect(exitStatus).toBe(0)
})

test('keys differ from Flink on purpose only where JavaScript has no such type, or another idea of equality', () => {
  const results = compareKeyGroups(JSON.parse(readFileSync(vectors('keygroups'), 'utf8')))
  const groups = new Map<string, string[]>()
  for (const result of results) {
    if (result.outcome !== 'differs-on-purpose') continue
    const names = groups.get(result.reason) ?? []
    groups.set(result.reason, [...names, result.name])
  }
  const tuples = groups.get(
    'tuples and objects hash their canonical bytes, in which the order of properties does not count',
  )
  expect(tuples).toHaveLength(15)
  expect(tuples?.every((name) => name.startsWith('tuple'))).toBe(true)
  expect([...groups].filter(([, names]) => names !== tuples)).toEqual([
    ['-0 equals 0, since it does in JavaScript', ['double "-0.0"', 'float "-0.0"']],
    [
      'a double with an integral value is hashed as the Integer or Long it equals, since JavaScript has one number type',
      [
        'double "1.0"',
        'double "-1.0"',
        'double "2.0"',
        'double "1.0E10"',
        'double "4.503599627370498E15"',
        'float "1.0"',
      ],
    ],
    ['NaN is not a key, since it does not equal itself', ['double "NaN"', 'float "NaN"']],
    [
      'there is no float: a number that is not an integer is hashed as a Double',
      ['float "0.1"', 'float "-3.5"', 'float "1.0E20"'],
    ],
    ['bigint stands for Long, not for BigInteger', ['bigint "123456789012345678901234567890"', 'bigint "-5"']],
  ])
})

test.each([
  {
    kind: 'keygroups',
    change: (text: string) =>
      text.replace('"type":"string","key":"a","hashCode":97', '"type":"string","key":"a","hashCode":98'),
    lines: ['string "a" differs:', '  at hashCode: Flink has 98, we have 97'],
  },
  {
    kind: 'ranges',
    change: (text: string) => text.replace('"parallelism":2,"ranges":[[0,63]', '"parallelism":2,"ranges":[[0,62]'),
    lines: ['ranges of parallelism 2, max parallelism 128 differs:', '  at ranges[0][1]: Flink has 62, we have 63'],
  },
  {
    kind: 'uids',
    change: (text: string) => text.replace('897859f6655555855a890e51483ab5e6', '0000000000000000000000000000000f'),
    lines: [
      'uid "a" differs:',
      '  at operatorId: Flink has "0000000000000000000000000000000f", we have "897859f6655555855a890e51483ab5e6"',
    ],
  },
  {
    kind: 'plan',
    change: (text: string) => text.replace('Source: src -> m -> f -> fm -> snk: Writer', 'Source: src -> m -> f'),
    lines: [
      'simple-chain differs:',
      '  at vertices[0].name: Flink has "Source: src -> m -> f", we have "Source: src -> m -> f -> fm -> snk: Writer"',
    ],
  },
  {
    kind: 'plan',
    change: (text: string) =>
      text.replace('downstream operation: m-105 parallelism: 4', 'downstream operation: m-105 parallelism: 3'),
    lines: ['forward-mismatch-error differs:', '  at error.downstreamParallelism: Flink has 3, we have 4'],
  },
])('a difference in a file of $kind is reported with its place', ({ kind, change, lines }) => {
  const original = readFileSync(vectors(kind), 'utf8')
  const changed = change(original)
  expect(changed).not.toBe(original)
  const run = runConformance([kind, write(changed)])
  expect(run.exitStatus).toBe(1)
  const [, of] = run.output[0]?.match(/^agree (?:\d+) of (\d+)$/) ?? []
  expect(run.output[0]).toBe(`agree ${Number(of) - 1} of ${of}`)
  expect(run.output).toEqual(expect.arrayContaining(lines))
})

test.each([
  { args: [], message: 'usage: pnpm conformance keygroups|ranges|uids|plan FILE' },
  { args: ['plans', vectors('plan')], message: 'usage: pnpm conformance keygroups|ranges|uids|plan FILE' },
  { args: ['plan'], message: 'usage: pnpm conformance keygroups|ranges|uids|plan FILE' },
  { args: ['plan', join(directory, 'none.json')], message: 'Cannot read' },
  { args: ['uids', vectors('plan')], message: 'is not a file of uids: uids must be an array' },
  { args: ['plan', write('{ "plans": [')], message: 'Cannot read' },
  {
    args: [
      'plan',
      topologyFile([
        { id: 'a', op: 'source' },
        { id: 'b', op: 'sessionize', in: 'a' },
      ]),
    ],
    message: 'node "b" of topology "t" has the unknown op "sessionize"',
  },
  {
    args: ['plan', topologyFile([{ id: 'a', op: 'source', uidd: 'x' }])],
    message: 'plans[0].topology.nodes[0] has the unknown property "uidd"',
  },
  {
    args: ['plan', topologyFile([{ id: 'b', op: 'map', in: 'a' }])],
    message: 'node "b" of topology "t" reads "a", which is not a stream that comes before it',
  },
  {
    args: [
      'plan',
      topologyFile([
        { id: 'a', op: 'source' },
        { id: 'k', op: 'keyBy', in: 'a', parallelism: 2 },
      ]),
    ],
    message: 'node "k" of topology "t" is not an operator, so it has no settings',
  },
])('$message is exit status 2', ({ args, message }) => {
  const run = runConformance(args)
  expect({ ...run, errors: run.errors.map((line) => line.includes(message)) }).toEqual({
    exitStatus: 2,
    output: [],
    errors: [true],
  })
})

test('the order in which a file lists edges and members of a chain does not matter; that of outputs does', () => {
  const file = JSON.parse(readFileSync(vectors('plan'), 'utf8')) as {
    plans: { name: string; plan: { edges: unknown[]; vertices: { operators: { chainedTo: unknown[] }[] }[] } }[]
  }
  const [fanOut, unionTwoSources] = ['fan-out', 'union-two-sources'].map(
    (name) => file.plans.find((plan) => plan.name === name)!,
  ) as [(typeof file.plans)[0], (typeof file.plans)[0]]
  unionTwoSources.plan.edges.reverse()
  fanOut.plan.vertices[0]!.operators.reverse()
  expect(comparePlans({ plans: [fanOut, unionTwoSources] }).map(({ outcome }) => outcome)).toEqual(['agrees', 'agrees'])
  fanOut.plan.vertices[0]!.operators.at(-1)!.chainedTo.reverse()
  expect(comparePlans({ plans: [fanOut] }).map(({ outcome }) => outcome)).toEqual(['differs'])
})

function write(text: string): string {
  const file = join(mkdtempSync(join(directory, 'file-')), 'vectors.json')
  writeFileSync(file, text)
  return file
}

function topologyFile(nodes: readonly unknown[]): string {
  return write(
    JSON.stringify({
      plans: [{ topology: { name: 't', env: { parallelism: 2 }, nodes }, plan: { vertices: [], edges: [] } }],
    }),
  )
}
