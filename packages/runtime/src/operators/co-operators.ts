import { currentKeyFor, currentKeyOf, type KeySelectors } from './current-key.ts'
import type { RichCoFlatMapFunction, RichCoMapFunction, RichCoProcessFunction } from './functions.ts'
import type { GeneratedOperator } from './generated-operator.ts'
import { OperatorKeyedProcessContext } from './keyed-process-context.ts'
import type { KeyedCoProcessFunction } from './keyed-process-function.ts'
import { PausedIteration, promiseReturned } from './paused-iteration.ts'
import { processParts } from './process.ts'
import { OperatorProcessContext } from './process-context.ts'
import { lifeCycleOf, pausableInputText, simpleLifeCycleOf } from './user-function.ts'

/** Two inputs, one record out for each record in. */
export function generateCoMap(
  i: number,
  fn: RichCoMapFunction<unknown, unknown, unknown>,
  keySelectors: KeySelectors,
): GeneratedOperator {
  const key = currentKeyFor(fn, i, keySelectors)
  const input = (name: string, position: number) => `
function input${i}${name}(value) {
  let result
  try { ${key.set(position)}result = fn${i}.map${position + 1}(value) } catch (error) { fail(${i}, value, error) }
  if (result instanceof Promise) fail(${i}, value, promiseReturned${i}())
  emit${i}(result)
}`
  return {
    ...simpleLifeCycleOf(fn, key),
    parameters: { fn, promiseReturned, ...key.parameters },
    text: key.declaration + input('First', 0) + input('Second', 1),
  }
}

/** Two inputs, any number of records out for each record in. */
export function generateCoFlatMap(
  i: number,
  fn: RichCoFlatMapFunction<unknown, unknown, unknown>,
  keySelectors: KeySelectors,
): GeneratedOperator {
  const paused = new PausedIteration()
  const key = currentKeyFor(fn, i, keySelectors)
  const input = (name: string, position: number) => {
    const call = `${key.set(position)}result = fn${i}.flatMap${position + 1}(value, collector${i})`
    return pausableInputText(i, `input${i}${name}`, call)
  }
  return {
    ...lifeCycleOf(fn, key),
    parameters: { fn, paused, ...key.parameters },
    paused,
    connect: (outputs) => paused.connect(outputs),
    text: key.declaration + input('First', 0) + input('Second', 1),
  }
}

/** Two inputs, with side outputs and the time; if both are keyed with the key and timers, too. */
export function generateCoProcess(
  i: number,
  fn: RichCoProcessFunction<unknown, unknown, unknown> | KeyedCoProcessFunction<unknown, unknown, unknown, unknown>,
  keySelectors: KeySelectors,
): GeneratedOperator {
  const key = currentKeyOf(i, keySelectors)
  const contexts = keySelectors.includes(undefined)
    ? { context: new OperatorProcessContext() }
    : { context: new OperatorKeyedProcessContext(), timers: new OperatorKeyedProcessContext() }
  const input = (name: string, position: number) => {
    const call = `${key.set(position)}result = fn${i}.processElement${position + 1}(value, context${i}, collector${i})`
    return pausableInputText(i, `input${i}${name}`, call)
  }
  return {
    ...processParts(fn, key, contexts),
    text: key.declaration + input('First', 0) + input('Second', 1),
  }
}
