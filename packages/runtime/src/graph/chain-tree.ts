import type { JobVertex } from './job-graph.ts'

/**
 * The operators of a vertex as Flink draws them, a line each:
 * ```
 * Source: Numbers
 * :- Map
 * :  +- Filter
 * +- Print: Writer
 * ```
 */
export function chainTree({ operators }: JobVertex): readonly string[] {
  const lines: string[] = []
  const add = (operatorIndex: number, prefix: string, childPrefix: string): void => {
    const { name, chainedTo } = operators[operatorIndex]!
    lines.push(prefix + name)
    chainedTo.forEach((output, i) => {
      const isLast = i === chainedTo.length - 1
      add(output.operatorIndex, `${childPrefix}${isLast ? '+- ' : ':- '}`, `${childPrefix}${isLast ? '   ' : ':  '}`)
    })
  }
  add(0, '', '')
  return lines
}
