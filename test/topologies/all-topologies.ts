import { readdirSync } from 'node:fs'
import type { Topology } from './topology.ts'

/** Every `*.job.ts` beside this file. */
export async function allTopologies(): Promise<
  readonly { readonly name: string; readonly url: URL; readonly topology: Topology }[]
> {
  const files = readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith('.job.ts'))
    .toSorted()
  return Promise.all(
    files.map(async (file) => {
      const url = new URL(file, import.meta.url)
      return { name: file.replace('.job.ts', ''), url, topology: (await import(url.href)) as Topology }
    }),
  )
}
