import { isJobDefinition, type JobDefinition } from './job-definition.ts'
import { JobFileError } from './job-file-error.ts'
import { show } from './setting-checks.ts'

/**
 * Imports a job's module and answers what it exports by default. Every thread of a job does it once.
 *
 * @param url - of the bundle.
 * @param jobFile - the file that people know, for errors.
 * @throws JobFileError `JOB_IMPORT_FAILED` (the cause is what the module threw), `NO_DEFAULT_EXPORT` or `NOT_A_JOB`.
 */
export async function loadJobDefinition(url: string, jobFile: string = url): Promise<JobDefinition> {
  let exported: Readonly<Record<string, unknown>>
  try {
    exported = (await import(/* @vite-ignore */ url)) as Readonly<Record<string, unknown>>
  } catch (cause) {
    throw new JobFileError(
      'JOB_IMPORT_FAILED',
      `Cannot import the job ${jobFile}: ${cause instanceof Error ? `${cause.name}: ${cause.message}` : show(cause)}. ` +
        'Its top level runs once in every thread: move what can fail into the open() of a rich function',
      { jobFile },
      { cause },
    )
  }
  const { default: definition } = exported
  if (definition === undefined) {
    throw new JobFileError(
      'NO_DEFAULT_EXPORT',
      `${jobFile} has no default export: write export default defineJob(name, (env, args) => { ... })`,
      { jobFile, exports: Object.keys(exported) },
    )
  }
  if (!isJobDefinition(definition)) {
    throw new JobFileError(
      'NOT_A_JOB',
      `The default export of ${jobFile} is ${show(definition)}, which is no job: ` +
        'write export default defineJob(name, (env, args) => { ... })',
      { jobFile },
    )
  }
  return definition
}
