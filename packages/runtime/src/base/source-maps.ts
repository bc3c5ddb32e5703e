import process from 'node:process'

/** From now on the stacks of this thread show the files and lines that people wrote, also for bundles. */
export function enableSourceMaps(): void {
  process.setSourceMapsEnabled(true)
}
