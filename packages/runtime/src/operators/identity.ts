import type { GeneratedOperator } from './generated-operator.ts'

/** Passes every record on. */
export function generateIdentity(i: number): GeneratedOperator {
  return { parameters: {}, text: `\nfunction input${i}(value) { emit${i}(value) }` }
}
