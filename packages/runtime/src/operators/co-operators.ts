import type { RichCoFlatMapFunction, RichCoMapFunction, RichCoProcessFunction } from './functions.ts'
import type { GeneratedOperator } from './generated-operator.ts'
import { PausedIteration, promiseReturned } from './paused-iteration.ts'
import { processParts } from './process.ts'
import { lifeCycleOf, pausableInputText, simpleLifeCycleOf } from './user-function.ts'

/** Two inputs, one record out for each record in. */
export function generateCoMap(i: number, fn: RichCoMapFunction<unknown, unknown, unknown>): GeneratedOperator {
  const input = (name: string, method: string) => `
function input${i}${name}(value) {
  let result
  try { result = fn${i}.${method}(value) } catch (error) { fail(${i}, value, error) }
  if (result instanceof Promise) fail(${i}, value, promiseReturned${i}())
  emit${i}(result)
}`
  return {
    ...simpleLifeCycleOf(fn),
    parameters: { fn, promiseReturned },
    text: input('First', 'map1') + input('Second', 'map2'),
  }
}

/** Two inputs, any number of records out for each record in. */
export function generateCoFlatMap(i: number, fn: RichCoFlatMapFunction<unknown, unknown, unknown>): GeneratedOperator {
  const paused = new PausedIteration()
  return {
    ...lifeCycleOf(fn),
    parameters: { fn, paused },
    paused,
    connect: (outputs) => paused.connect(outputs),
    text: pausableInputs(i, 'flatMap1', 'flatMap2', `collector${i}`),
  }
}

/** Two inputs, with side outputs and the time. */
export function generateCoProcess(i: number, fn: RichCoProcessFunction<unknown, unknown, unknown>): GeneratedOperator {
  return {
    ...processParts(fn),
    text: pausableInputs(i, 'processElement1', 'processElement2', `context${i}, collector${i}`),
  }
}

function pausableInputs(i: number, first: string, second: string, rest: string): string {
  const input = (name: string, method: string) => pausableInputText(i, `input${i}${name}`, `fn${i}.${method}`, rest)
  return input('First', first) + input('Second', second)
}
