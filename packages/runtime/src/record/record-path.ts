import { previewRecord } from './preview.ts'

/** A step into a record: a property, an index, or an element that is found by its key or itself. */
export type RecordPathStep =
  | string
  | number
  | { readonly of: 'map key' | 'map value' | 'set value'; readonly entry: unknown }

const identifier = /^[A-Za-z_$][\w$]*$/

/** `order.items[3].callback`; the empty string for the record itself. */
export function formatPath(steps: readonly RecordPathStep[]): string {
  let path = ''
  for (const step of steps) {
    if (typeof step === 'number') path += `[${step}]`
    else if (typeof step === 'object') path += `<${step.of} ${previewRecord(step.entry, 40)}>`
    else if (identifier.test(step)) path += path === '' ? step : `.${step}`
    else path += `[${JSON.stringify(step)}]`
  }
  return path
}

/** For the middle of a sentence. */
export function describePath(path: string): string {
  return path === '' ? 'the record itself' : `\`${path}\``
}
