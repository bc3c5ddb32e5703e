/** As requests and answers have them: topic by topic. */
export type ByTopic<T> = readonly (readonly [topic: string, items: readonly T[]])[]

/** In the order of first appearance. */
export function groupByTopic<T extends { readonly topic: string }>(items: Iterable<T>): [topic: string, items: T[]][] {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(item.topic)
    if (group === undefined) groups.set(item.topic, [item])
    else group.push(item)
  }
  return [...groups]
}
