import type { Clock } from '../base/clock.ts'
import { CommandError } from './command-error.ts'
import { JobClient } from './job-client.ts'
import type { TargetRequest } from './job-command-line.ts'
import type { JobRegistry } from './job-registry.ts'
import type { RegisteredJob } from './registered-job.ts'
import { UsageError } from './usage-error.ts'

export interface FindParts {
  readonly registry: JobRegistry
  readonly clock: Clock
  readonly env: Readonly<Record<string, string | undefined>>
}

export interface FoundJob {
  /** Whole, however it was abbreviated. */
  readonly id: string
  readonly client: JobClient
}

/** What errors tell of a job. */
interface KnownJob {
  readonly id: string
  readonly name: string
  readonly status: string
}

const listedMax = 10

/**
 * The running job that `text` means: its id or the beginning of it.
 *
 * @throws CommandError if that is none or several.
 */
export async function findJob(text: string, target: TargetRequest, parts: FindParts): Promise<FoundJob> {
  if (target.jobManager !== undefined) {
    const client = await clientAt(target, parts)
    const { jobs } = (await client.get('/jobs/overview')) as { readonly jobs: readonly Record<string, unknown>[] }
    const known = jobs.map(({ jid, name, state }) => ({ id: String(jid), name: String(name), status: String(state) }))
    return { id: pick(text, known, []).id, client }
  }
  const registered = await parts.registry.list()
  const running = registered.filter(({ endTimeMs }) => endTimeMs === undefined)
  const ended = registered.filter(({ endTimeMs }) => endTimeMs !== undefined)
  const job = pick(text, running, ended)
  return { id: job.id, client: clientOf(job, parts) }
}

/** The job process at `-m host:port`. Of one's own jobs the token is known. */
export async function clientAt({ jobManager, token }: TargetRequest, parts: FindParts): Promise<JobClient> {
  const { host, port } = jobManager!
  const given = token ?? parts.env.MILLRACE_TOKEN
  const known = given ?? (await parts.registry.list()).find((job) => job.port === port)?.token
  if (known === undefined) {
    throw new UsageError(`the token of the job at ${host}:${port} is not known`, 'give it by --token or MILLRACE_TOKEN')
  }
  return new JobClient({ host, port, token: known }, parts.clock)
}

/** @throws CommandError if the job has no REST API. */
export function clientOf({ id, name, port, token }: RegisteredJob, { clock }: Pick<FindParts, 'clock'>): JobClient {
  if (port === undefined || token === undefined) {
    const message = `Job ${id} (${name}) cannot be reached: it could not listen on loopback when it started.`
    throw new CommandError('JOB_UNREACHABLE', message, { jobId: id })
  }
  return new JobClient({ host: '127.0.0.1', port, token }, clock)
}

function pick<T extends KnownJob>(text: string, running: readonly T[], ended: readonly KnownJob[]): T {
  const prefix = text.toLowerCase()
  const matches = running.filter(({ id }) => prefix !== '' && id.startsWith(prefix))
  if (matches.length === 1) return matches[0]!
  const jobIds = (matches.length > 1 ? matches : running).map(({ id }) => id)
  if (matches.length > 1) {
    const message = `The job id "${text}" matches ${matches.length} running jobs: ${listed(matches)}`
    throw new CommandError('JOB_ID_AMBIGUOUS', message, { jobIds, hint: 'give more digits of the id' })
  }
  const over = ended.find(({ id }) => prefix !== '' && id.startsWith(prefix))
  if (over !== undefined) {
    const message = `Job ${over.id} (${over.name}) does not run any more: it is ${over.status}`
    throw new CommandError('JOB_NOT_FOUND', message, {
      jobIds,
      hint: 'millrace list -a shows the jobs that have ended',
    })
  }
  const what = running.length === 0 ? 'no job runs' : `those that run: ${listed(running)}`
  throw new CommandError('JOB_NOT_FOUND', `No running job has the id "${text}"; ${what}`, {
    jobIds,
    hint: 'millrace list shows the jobs that run',
  })
}

function listed(jobs: readonly KnownJob[]): string {
  const names = jobs.slice(0, listedMax).map(({ id, name }) => `${id} (${name})`)
  return `${names.join(', ')}${jobs.length > listedMax ? `, and ${jobs.length - listedMax} more` : ''}`
}
