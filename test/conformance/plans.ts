import { type BuiltJob, buildJob } from '../../packages/runtime/src/api/build-job.ts'
import { defineJob } from '../../packages/runtime/src/api/job-definition.ts'
import { MillraceError } from '../../packages/runtime/src/base/error.ts'
import { planStreamGraph } from '../../packages/runtime/src/graph/generate-plan.ts'
import { generateStreamGraph } from '../../packages/runtime/src/graph/generate-stream-graph.ts'
import { buildTopology } from './build-topology.ts'
import { type CaseResult, caseResult, type Difference, differencesBetween, FormError } from './conformance.ts'
import { array, object, text } from './form.ts'
import { planForm } from './plan-form.ts'
import { readTopology, type Topology } from './topology.ts'

/** Job graphs that Flink makes of topologies, or the errors that it raises. */
export function comparePlans(document: unknown): readonly CaseResult[] {
  return array(object(document, 'the file').plans, 'plans').map((value, i) => {
    const entry = object(value, `plans[${i}]`)
    const topology = readTopology(entry.topology, `plans[${i}].topology`)
    const differences =
      entry.error === undefined
        ? comparePlan(topology, object(entry.plan, `plans[${i}].plan`))
        : compareError(topology, text(entry.error, `plans[${i}].error`))
    return caseResult(topology.name, differences)
  })
}

/** Our plan of the topology, in the form of the vectors. */
export function planOf(topology: Topology): Readonly<Record<string, unknown>> {
  const { transformations, settings } = builtTopology(topology)
  const streamGraph = generateStreamGraph(transformations, settings)
  return planForm(streamGraph, planStreamGraph(streamGraph, settings).jobGraph)
}

function builtTopology(topology: Topology): BuiltJob {
  try {
    return buildJob(defineJob(topology.name, (env) => buildTopology(topology, env)))
  } catch (error) {
    // A mistake of the file, not of the job that it describes.
    if (error instanceof MillraceError && error.cause instanceof FormError) throw error.cause
    throw error
  }
}

function comparePlan(topology: Topology, expected: Readonly<Record<string, unknown>>): readonly Difference[] {
  // A remark of the recording, the same in every plan.
  const { requiredSlotsNote: _, ...comparable } = expected
  try {
    return differencesBetween(inOneOrder(comparable), inOneOrder(planOf(topology)))
  } catch (error) {
    if (error instanceof MillraceError) return [{ place: 'plan', expected: 'a plan', actual: error.message }]
    throw error
  }
}

/**
 * The order in which a file lists the edges of the job graph and the members of a chain is that of whoever walked
 * through Flink's graph. What Flink orders is elsewhere: vertices, the outputs of each operator, the stream graph.
 */
function inOneOrder(plan: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const vertices = array(plan.vertices, 'plan.vertices').map((value, i) => {
    const vertex = object(value, `plan.vertices[${i}]`)
    return { ...vertex, operators: sortedBy(['operator'], vertex.operators, `plan.vertices[${i}].operators`) }
  })
  return { ...plan, vertices, edges: sortedBy(['from', 'to', 'typeNumber', 'ship'], plan.edges, 'plan.edges') }
}

function sortedBy(properties: readonly string[], values: unknown, place: string): readonly unknown[] {
  return array(values, place)
    .map((value, i) => object(value, `${place}[${i}]`))
    .map((value) => ({ value, key: JSON.stringify(properties.map((property) => value[property])) }))
    .toSorted((a, b) => Number(a.key > b.key) - Number(a.key < b.key))
    .map(({ value }) => value)
}

/** Flink's errors by the beginning of their text, and the codes of ours that mean the same. */
const errors: readonly { readonly text: RegExp; readonly codes: readonly string[] }[] = [
  { text: /^UnsupportedOperationException: Forward partitioning/, codes: ['FORWARD_CHANGES_PARALLELISM'] },
  { text: /Hash collision on user-specified ID/, codes: ['DUPLICATE_UID'] },
  { text: /No operators defined/, codes: ['NO_OPERATORS'] },
]

function compareError(topology: Topology, expected: string): readonly Difference[] {
  try {
    planOf(topology)
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    const known = errors.find(({ text }) => text.test(expected))
    if (known !== undefined && !known.codes.includes(error.code)) {
      return [{ place: 'error', expected, actual: `${error.code}: ${error.message}` }]
    }
    return differencesBetween(factsOf(expected), error.facts, 'error')
  }
  return [{ place: 'error', expected, actual: 'a plan' }]
}

/** What Flink's message says about the operators at both ends. */
function factsOf(error: string): Readonly<Record<string, unknown>> {
  const ends =
    /Upstream operation: (?:Source: )?(.+)-\d+ parallelism: (\d+), downstream operation: (.+)-\d+ parallelism: (\d+)/
  const [, upstream, upstreamParallelism, downstream, downstreamParallelism] = ends.exec(error) ?? []
  if (upstream === undefined) return {}
  return {
    upstream,
    upstreamParallelism: Number(upstreamParallelism),
    downstream,
    downstreamParallelism: Number(downstreamParallelism),
  }
}
