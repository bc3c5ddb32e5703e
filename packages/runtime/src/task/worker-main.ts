import type { SlotTask } from './run-slot.ts'

// Only of modules that are loaded from here on does Node know the source map: so nothing is imported above.
process.setSourceMapsEnabled(true)
const loading = import('./run-slot.ts')

/** The task of a worker thread. Resolves when the subtasks of its slot have ended. */
export default async function workerMain(task: SlotTask): Promise<void> {
  const { runSlot } = await loading
  await runSlot(task)
}
