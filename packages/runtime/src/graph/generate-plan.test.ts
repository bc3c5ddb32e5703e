import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Dataflow } from '../testing/dataflow.ts'
import { GraphError } from './graph-error.ts'
import type { JobGraph } from './job-graph.ts'
import type { OperatorSettings, Transformation } from './transformation.ts'

/** `0 Source: a -> b (4)` for a vertex, `0 HASH 1` for an edge, with what is unusual about it. */
function outline({ vertices, edges }: JobGraph): readonly string[] {
  return [
    ...vertices.map(({ index, name, parallelism }) => `${index} ${name} (${parallelism})`),
    ...edges.map(({ sourceVertex, targetVertex, ship, outputTag, typeNumber }) => {
      const tag = outputTag === null ? '' : ` ${outputTag}`
      return `${sourceVertex} ${ship} ${targetVertex}${tag}${typeNumber === 0 ? '' : ` input ${typeNumber}`}`
    }),
  ]
}

test('a union of unions adds no vertex, and one edge for each stream in it', () => {
  const flow = new Dataflow()
  const [a, b, c] = [flow.source('a'), flow.source('b'), flow.source('c', { parallelism: 2 })]
  flow.sink(flow.map(flow.union(flow.union(a, b), flow.union(c, a)), 'm'), 's')
  expect(outline(flow.plan().jobGraph)).toEqual([
    '0 Source: a (4)',
    '1 Source: b (4)',
    '2 Source: c (2)',
    '3 m -> s: Writer (4)',
    '0 FORWARD 3',
    '0 FORWARD 3',
    '1 FORWARD 3',
    '2 REBALANCE 3',
  ])
})

test('keyBy of a union partitions every stream in it', () => {
  const flow = new Dataflow()
  const union = flow.union(flow.source('a'), flow.map(flow.source('b'), 'm'))
  flow.sink(flow.keyed(union, 'count'), 's')
  expect(outline(flow.plan().jobGraph)).toEqual([
    '0 Source: a (4)',
    '1 Source: b -> m (4)',
    '2 count -> s: Writer (4)',
    '0 HASH 2',
    '1 HASH 2',
  ])
})

test('a side output of an operator that reads a side output leaves that operator', () => {
  const flow = new Dataflow()
  const parsed = flow.map(flow.source('a'), 'parse')
  const repaired = flow.map(flow.sideOutput(parsed, 'bad'), 'repair')
  flow.sink(flow.union(parsed, repaired), 'good')
  flow.sink(flow.partition(flow.sideOutput(repaired, 'hopeless'), 'REBALANCE'), 'lost', { parallelism: 1 })
  const { jobGraph } = flow.plan()
  expect(outline(jobGraph)).toEqual([
    '0 Source: a -> parse -> repair (4)',
    '1 good: Writer (4)',
    '2 lost: Writer (1)',
    '0 FORWARD 1',
    '0 REBALANCE 2 hopeless',
    '0 FORWARD 1',
  ])
  expect(jobGraph.vertices[0]?.operators.map(({ name, chainedTo }) => ({ name, chainedTo }))).toEqual([
    { name: 'Source: a', chainedTo: [{ operatorIndex: 1, outputTag: null }] },
    { name: 'parse', chainedTo: [{ operatorIndex: 2, outputTag: 'bad' }] },
    { name: 'repair', chainedTo: [] },
  ])
  expect(jobGraph.edges.map(({ sourceOperator }) => sourceOperator)).toEqual([2, 2, 1])
})

test('the side output of a union is that of each stream in it', () => {
  const flow = new Dataflow()
  const [a, b] = [flow.map(flow.source('a'), 'm'), flow.map(flow.source('b'), 'n')]
  flow.sink(flow.sideOutput(flow.union(a, b), 'late'), 's')
  expect(outline(flow.plan().jobGraph).slice(3)).toEqual(['0 FORWARD 2 late', '1 FORWARD 2 late'])
})

test('a broadcast input beside a forward one makes two edges, numbered by input, and never a chain', () => {
  const flow = new Dataflow()
  const rules = flow.source('rules', { parallelism: 1 })
  const joined = flow.connect(flow.source('data'), flow.partition(rules, 'BROADCAST'), 'apply')
  flow.sink(flow.connect(joined, flow.partition(joined, 'HASH'), 'again'), 's')
  expect(outline(flow.plan().jobGraph)).toEqual([
    '0 Source: rules (1)',
    '1 Source: data (4)',
    '2 apply (4)',
    '3 again -> s: Writer (4)',
    '0 BROADCAST 2 input 2',
    '1 FORWARD 2 input 1',
    '2 FORWARD 3 input 1',
    '2 HASH 3 input 2',
  ])
})

test('rescaling down and up keeps POINTWISE edges; of consecutive partitionings the last one counts', () => {
  const flow = new Dataflow()
  const narrow = flow.map(flow.partition(flow.source('a'), 'RESCALE'), 'narrow', { parallelism: 2 })
  const wide = flow.map(flow.partition(flow.partition(narrow, 'HASH'), 'RESCALE'), 'wide', { parallelism: 6 })
  flow.sink(wide, 's', { parallelism: 6 })
  const { jobGraph } = flow.plan()
  expect(outline(jobGraph)).toEqual([
    '0 Source: a (4)',
    '1 narrow (2)',
    '2 wide -> s: Writer (6)',
    '0 RESCALE 1',
    '1 RESCALE 2',
  ])
  expect(jobGraph.edges.map(({ distribution }) => distribution)).toEqual(['POINTWISE', 'POINTWISE'])
})

test('the vertex that all others wait for comes last, whatever its place in the calls', () => {
  const flow = new Dataflow()
  const [a, b] = [flow.source('a'), flow.source('b')]
  const deep = flow.keyed(flow.keyed(a, 'k1'), 'k2')
  const joined = flow.connect(flow.partition(b, 'HASH'), flow.partition(deep, 'HASH'), 'join')
  flow.sink(joined, 's')
  flow.sink(flow.partition(b, 'SHUFFLE'), 'copy')
  expect(outline(flow.plan().jobGraph).slice(0, 6)).toEqual([
    '0 Source: a (4)',
    '1 Source: b (4)',
    '2 k1 (4)',
    '3 k2 (4)',
    '4 join -> s: Writer (4)',
    '5 copy: Writer (4)',
  ])
})

test('an operator inherits the slot sharing group of its inputs, or is in the default group if they differ', () => {
  const flow = new Dataflow()
  const [a, b] = [flow.source('a', { slotSharingGroup: 'in' }), flow.source('b', { slotSharingGroup: 'in' })]
  const same = flow.connect(a, b, 'same')
  const differing = flow.connect(same, flow.map(same, 'm', { slotSharingGroup: 'heavy' }), 'differing')
  flow.sink(differing, 's')
  expect(flow.plan().jobGraph.vertices.map(({ name, slotSharingGroup }) => [name, slotSharingGroup])).toEqual([
    ['Source: a', 'in'],
    ['Source: b', 'in'],
    ['same', 'in'],
    ['m', 'heavy'],
    ['differing -> s: Writer', 'default'],
  ])
})

test("the max parallelism of a vertex is that of its head: its own, the job's, or the default for its parallelism", () => {
  const maxima = (jobMax: number | undefined, head: Partial<OperatorSettings>) => {
    const flow = new Dataflow(jobMax === undefined ? {} : { maxParallelism: jobMax })
    flow.sink(flow.map(flow.source('a', head), 'm', { maxParallelism: 9, ...head }), 's', head)
    const { maxParallelism, explicitMaxParallelism } = flow.plan().jobGraph.vertices[0]!
    return [maxParallelism, explicitMaxParallelism]
  }
  expect(maxima(undefined, {})).toEqual([128, undefined])
  expect(maxima(720, {})).toEqual([720, 720])
  expect(maxima(720, { maxParallelism: 8 })).toEqual([8, 8])
  expect(maxima(720, { nonParallel: true, parallelism: 4 })).toEqual([1, 1])
})

test("an edge has the buffer timeout of the operator before it; -1 of an operator means the job's", () => {
  const timeouts = (jobTimeoutMs: number) => {
    const flow = new Dataflow({ bufferTimeoutMs: jobTimeoutMs })
    const a = flow.map(flow.source('a', { bufferTimeoutMs: 0 }), 'm', { bufferTimeoutMs: 5, chaining: 'never' })
    flow.keyed(flow.keyed(a, 'k1'), 'k2', { bufferTimeoutMs: -1, chaining: 'never' })
    flow.sink(flow.partition(flow.keyed(a, 'k3', { bufferTimeoutMs: -1 }), 'REBALANCE'), 's')
    return flow.plan().jobGraph.edges.map((edge) => edge.bufferTimeoutMs)
  }
  expect(timeouts(50)).toEqual([0, 5, 5, 50, 50])
  expect(timeouts(-1)).toEqual([0, 5, 5, -1, -1])
})

test('a plan finds functions by operator id and edge, and declared types by the output they were declared for', () => {
  const flow = new Dataflow()
  const [main, late] = [{ kind: 'main' }, { kind: 'late' }]
  const source = flow.source('a', { outputType: main })
  flow.sink(flow.partition(source, 'CUSTOM'), 's')
  flow.sink(flow.partition(flow.sideOutput(source, 'late', late), 'HASH'), 't')
  flow.sink(flow.partition(flow.sideOutput(source, 'untyped'), 'GLOBAL'), 'u')
  const { jobGraph, operators, edges } = flow.plan()
  expect(
    jobGraph.vertices.flatMap((vertex) => vertex.operators.map(({ id }) => operators.get(id)?.definition.kind)),
  ).toEqual(['source', 'collect', 'collect', 'collect'])
  expect(edges).toEqual([
    { keySelector: expect.any(Function), partitioner: expect.any(Function), recordType: main },
    { keySelector: expect.any(Function), recordType: late },
    {},
  ])
})

test("positions give Flink's ids: those of a source and a chained reduce are known from real jobs", () => {
  const flow = new Dataflow({ parallelism: 1 })
  flow.sink(flow.keyed(flow.source('Bounded numbers'), 'sum'), 'drop')
  expect(flow.plan().jobGraph.vertices.map(({ id }) => id)).toEqual([
    'bc764cd8ddf7a0cff126f51c16239658',
    '20ba6b65f97481d5570070de90e4e791',
  ])
})

test('a uid gives an operator the same id wherever it is', () => {
  const idOf = (flow: Dataflow, name: string) =>
    flow
      .plan()
      .jobGraph.vertices.flatMap(({ operators }) => operators)
      .find((operator) => operator.name === name)?.id
  const short = new Dataflow()
  short.sink(short.keyed(short.source('a'), 'count', { uid: 'window' }), 's')
  const long = new Dataflow()
  long.sink(long.keyed(long.union(long.map(long.source('a'), 'm'), long.source('b')), 'count', { uid: 'window' }), 's')
  expect(idOf(short, 'count')).toBe('01203aa9a12dc1ec725e03853dd7c8f2')
  expect(idOf(long, 'count')).toBe(idOf(short, 'count'))
})

test('the job graph is frozen to its depths, and the fingerprint is that of everything in it', () => {
  const build = (settings: Partial<OperatorSettings>, jobName = 'job') => {
    const flow = new Dataflow({ jobName })
    flow.sink(flow.keyed(flow.source('a'), 'count', settings), 's')
    return flow.plan().jobGraph
  }
  const graph = build({})
  expect(graph.fingerprint).toMatch(/^[0-9a-f]{64}$/)
  expect(Object.isFrozen(graph.vertices[1]?.operators[0]?.chainedTo[0])).toBe(true)
  expect(build({})).toEqual(graph)
  const changes = [{ name: 'sum' }, { parallelism: 2 }, { maxParallelism: 7 }, { uid: 'u' }, { slotSharingGroup: 'g' }]
  const others = [...changes.map((settings) => build(settings)), build({}, 'other')]
  expect(new Set([graph, ...others].map(({ fingerprint }) => fingerprint)).size).toBe(7)
  expect(build({ location: 'job.ts:4' }).fingerprint).toBe(graph.fingerprint)
})

const connectorSource = (limits: { defaultParallelism?: number; parallelismMax?: number }) =>
  ({
    kind: 'source',
    source: {
      boundedness: 'bounded',
      ...limits,
      createEnumerator: () => expect.unreachable(),
      createReader: () => expect.unreachable(),
    },
  }) as const

test.each([
  { limits: {}, set: undefined, parallelism: 4 },
  { limits: { defaultParallelism: 3 }, set: undefined, parallelism: 3 },
  { limits: { defaultParallelism: 3 }, set: 5, parallelism: 5 },
  { limits: { parallelismMax: 2 }, set: undefined, parallelism: 2 },
  { limits: { parallelismMax: 2 }, set: 1, parallelism: 1 },
  { limits: { defaultParallelism: 1, parallelismMax: 2 }, set: 2, parallelism: 2 },
])('a source with $limits, set to $set in a job of 4, has parallelism $parallelism', ({ limits, set, parallelism }) => {
  const flow = new Dataflow()
  flow.sink(flow.source('a', set === undefined ? {} : { parallelism: set }, connectorSource(limits)), 's')
  expect(flow.plan().jobGraph.vertices[0]?.parallelism).toBe(parallelism)
})

const withMap = (settings: Partial<OperatorSettings>, jobSettings = {}) => {
  const flow = new Dataflow(jobSettings)
  flow.sink(flow.map(flow.source('a'), 'm', { location: 'job.ts:7', ...settings }), 's')
  return flow
}
const limitedSource = (parallelism: number) => {
  const flow = new Dataflow()
  flow.sink(flow.source('a', { parallelism }, connectorSource({ parallelismMax: 2 })), 's')
  return flow
}
const limitedSink = (parallelism: number) => {
  const flow = new Dataflow()
  const sink = { parallelismMax: 1, createWriter: () => ({ write: () => {} }) }
  flow.sink(flow.source('a'), 's', { parallelism }, { kind: 'sink', sink })
  return flow
}
const forwarded = () => {
  const flow = new Dataflow()
  flow.map(flow.partition(flow.source('a', { parallelism: 1 }), 'FORWARD'), 'm', { location: 'job.ts:7' })
  return flow
}
const twoUids = () => {
  const flow = new Dataflow()
  flow.sink(flow.map(flow.source('a'), 'm', { uid: 'x' }), 's', { uid: 'x', location: 'job.ts:8' })
  return flow
}

test.each([
  [new Dataflow(), 'NO_OPERATORS', 'Job "test" has no operators'],
  [
    withMap({ parallelism: 0 }),
    'INVALID_PARALLELISM',
    'operator "m" (job.ts:7) with parallelism 0: it must be an integer from 1 to 32768',
  ],
  [withMap({ parallelism: -1 }), 'INVALID_PARALLELISM', 'operator "m" (job.ts:7) with parallelism -1'],
  [withMap({ parallelism: 1.5 }), 'INVALID_PARALLELISM', 'operator "m" (job.ts:7) with parallelism 1.5'],
  [withMap({ parallelism: 40_000 }), 'INVALID_PARALLELISM', 'operator "m" (job.ts:7) with parallelism 40000'],
  [withMap({}, { parallelism: 0 }), 'INVALID_PARALLELISM', 'job "test" with parallelism 0'],
  [withMap({ maxParallelism: 0 }), 'INVALID_MAX_PARALLELISM', 'operator "m" (job.ts:7) with max parallelism 0'],
  [withMap({}, { maxParallelism: 32_769 }), 'INVALID_MAX_PARALLELISM', 'job "test" with max parallelism 32769'],
  [
    withMap({ maxParallelism: 3 }),
    'PARALLELISM_ABOVE_MAXIMUM',
    'operator "m" (job.ts:7) with parallelism 4: its max parallelism is 3',
  ],
  [
    withMap({ parallelism: 9 }, { maxParallelism: 8 }),
    'PARALLELISM_ABOVE_MAXIMUM',
    'operator "m" (job.ts:7) with parallelism 9',
  ],
  [limitedSource(3), 'PARALLELISM_NOT_SUPPORTED', 'operator "a" with parallelism 3: its source supports at most 2'],
  [limitedSink(2), 'PARALLELISM_NOT_SUPPORTED', 'operator "s" with parallelism 2: its sink supports at most 1'],
  [
    forwarded(),
    'FORWARD_CHANGES_PARALLELISM',
    'from operator "a" with parallelism 1 to operator "m" (job.ts:7) with parallelism 4',
  ],
  [twoUids(), 'DUPLICATE_UID', 'uid "x" to both operator "m" and operator "s" (job.ts:8)'],
])('%# is refused as %s: %s', (flow, code, message) => {
  let error: unknown
  try {
    flow.plan()
  } catch (thrown) {
    error = thrown
  }
  expect(error).toBeInstanceOf(GraphError)
  expect((error as GraphError).code).toBe(code)
  expect((error as GraphError).message).toContain(message)
})

/** Steps that make any dataflow: each reads streams that exist, by their index modulo their number. */
const step = fc.record({
  kind: fc.constantFrom('map', 'keyed', 'connect', 'union', 'shuffle', 'side', 'sink', 'source'),
  first: fc.nat(30),
  second: fc.nat(30),
  settings: fc.record(
    {
      parallelism: fc.integer({ min: 1, max: 3 }),
      chaining: fc.constantFrom('always', 'head', 'never'),
      slotSharingGroup: fc.constantFrom('default', 'heavy'),
    },
    { requiredKeys: [] },
  ),
})

test('any dataflow becomes a job graph that is whole: every operator once, every edge once, in topological order', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 25 }), fc.boolean(), (steps, chaining) => {
      const flow = new Dataflow({ chaining })
      const streams: Transformation[] = [flow.source('a')]
      steps.forEach(({ kind, first, second, settings }, i) => {
        const one = streams[first % streams.length]!
        const other = streams[second % streams.length]!
        const name = `o${i}`
        if (kind === 'source') streams.push(flow.source(name, settings))
        if (kind === 'map') streams.push(flow.map(one, name, settings))
        if (kind === 'keyed') streams.push(flow.keyed(one, name, settings))
        if (kind === 'connect') streams.push(flow.connect(one, other, name, settings))
        if (kind === 'union') streams.push(flow.union(one, other))
        if (kind === 'shuffle') streams.push(flow.partition(one, 'SHUFFLE'))
        if (kind === 'side') streams.push(flow.sideOutput(one, name))
        if (kind === 'sink') flow.sink(one, name, settings)
      })
      flow.sink(streams.at(-1)!, 'last')
      expectWhole(flow.plan())
    }),
  )
})

function expectWhole({ jobGraph, operators, edges }: ReturnType<Dataflow['plan']>): void {
  const { vertices } = jobGraph
  const all = vertices.flatMap((vertex) => vertex.operators)
  expect(new Set(all.map(({ id }) => id))).toEqual(new Set(operators.keys()))
  expect(all.length).toBe(operators.size)
  expect(all.flatMap(({ networkOutputs }) => networkOutputs).toSorted((a, b) => a - b)).toEqual([...edges.keys()])
  vertices.forEach((vertex, index) => {
    expect(vertex.index).toBe(index)
    expect(vertex.id).toBe(vertex.operators[0]?.id)
    const chained = vertex.operators.flatMap(({ chainedTo }) => chainedTo.map(({ operatorIndex }) => operatorIndex))
    expect(chained.toSorted((a, b) => a - b)).toEqual([...vertex.operators.keys()].slice(1))
    vertex.operators.forEach(({ chainedTo, parallelism }, operatorIndex) => {
      expect(parallelism).toBe(vertex.parallelism)
      for (const output of chainedTo) expect(output.operatorIndex).toBeGreaterThan(operatorIndex)
    })
  })
  jobGraph.edges.forEach((edge, index) => {
    expect(edge.index).toBe(index)
    expect(edge.sourceVertex).toBeLessThan(edge.targetVertex)
    const source = vertices[edge.sourceVertex]?.operators[edge.sourceOperator]
    expect(source?.id).toBe(edge.sourceOperatorId)
    expect(source?.networkOutputs).toContain(index)
  })
}
