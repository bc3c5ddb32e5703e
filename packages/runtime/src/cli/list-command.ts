import { exitStatus } from './exit-status.ts'
import { clientAt, clientOf } from './find-job.ts'
import type { JobClient } from './job-client.ts'
import type { ListRequest } from './job-command-line.ts'
import { CommandOutput, findParts, type JobCommandParts } from './job-command-parts.ts'
import type { RegisteredJob } from './registered-job.ts'

interface ListedJob {
  readonly id: string
  readonly name: string
  readonly status: string
  readonly startTimeMs: number
  readonly endTimeMs?: number | undefined
  /** Of the process that runs it. */
  readonly pid?: number | undefined
  readonly log?: string | undefined
}

const scheduled = new Set(['INITIALIZING', 'CREATED'])
const terminal = new Set(['CANCELED', 'FAILED', 'FINISHED'])

const rulers = {
  running: '------------------ Running/Restarting Jobs -------------------',
  scheduled: '----------------------- Scheduled Jobs -----------------------',
  terminated: '---------------------- Terminated Jobs -----------------------',
  end: '--------------------------------------------------------------',
}

/** Lists jobs, as they say themselves that they are; those that have ended as they are remembered. */
export async function listCommand(request: ListRequest, parts: JobCommandParts): Promise<number> {
  const { shows, json } = request
  const output = new CommandOutput(parts.io, json)
  await output.say('Waiting for response...')
  const jobs =
    request.jobManager === undefined
      ? await registeredJobs(parts)
      : await jobsAt(await clientAt(request, findParts(parts)))
  const running = jobs.filter(({ status }) => !scheduled.has(status) && !terminal.has(status))
  const waiting = jobs.filter(({ status }) => scheduled.has(status))
  const ended = jobs.filter(({ status }) => terminal.has(status))
  if (shows.running) await output.say(...section(rulers.running, running, 'No running jobs.'))
  if (shows.scheduled) await output.say(...section(rulers.scheduled, waiting, 'No scheduled jobs.'))
  if (shows.terminated) await output.say(...section(rulers.terminated, ended))
  const shown = [
    ...(shows.running ? running : []),
    ...(shows.scheduled ? waiting : []),
    ...(shows.terminated ? ended : []),
  ]
  await output.result({ jobs: shown })
  return exitStatus.success
}

function section(ruler: string, jobs: readonly ListedJob[], ifNone?: string): readonly string[] {
  if (jobs.length === 0) return ifNone === undefined ? [] : [ifNone]
  const byStart = jobs.toSorted((a, b) => a.startTimeMs - b.startTimeMs)
  const lines = byStart.map(({ id, name, status, startTimeMs }) => {
    return `${dateAndTime(startTimeMs)} : ${id} : ${oneLine(name)} (${status})`
  })
  return [ruler, ...lines, rulers.end]
}

async function registeredJobs(parts: JobCommandParts): Promise<readonly ListedJob[]> {
  const jobs = await parts.registry.list()
  return (await Promise.all(jobs.map((job) => ofRegistered(job, parts)))).flat()
}

/** What the job itself says now; what was registered, if it does not answer. */
async function ofRegistered(job: RegisteredJob, parts: JobCommandParts): Promise<readonly ListedJob[]> {
  const { id, name, status, startTimeMs, endTimeMs, pid, log } = job
  if (endTimeMs !== undefined) return [{ id, name, status, startTimeMs, endTimeMs, log }]
  try {
    const jobs = await jobsAt(clientOf(job, findParts(parts)))
    return jobs.map((each) => ({ ...each, pid, log }))
  } catch {
    return [{ id, name, status, startTimeMs, pid, log }]
  }
}

async function jobsAt(client: JobClient): Promise<readonly ListedJob[]> {
  const { jobs } = (await client.get('/jobs/overview')) as { readonly jobs: readonly Record<string, unknown>[] }
  return jobs.map((job) => ({
    id: String(job.jid),
    name: String(job.name),
    status: String(job.state),
    startTimeMs: Number(job['start-time']),
    endTimeMs: Number(job['end-time']) === -1 ? undefined : Number(job['end-time']),
  }))
}

/** `21.11.2026 07:12:12`, in the time of this machine. */
function dateAndTime(timeMs: number): string {
  const time = new Date(timeMs)
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = `${two(time.getDate())}.${two(time.getMonth() + 1)}.${time.getFullYear()}`
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`
}

function oneLine(text: string): string {
  return text.replace(/\s*\p{Cc}\s*/gu, ' ')
}
