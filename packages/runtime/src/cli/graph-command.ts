import type { PrepareJob } from '../cluster/prepare-job.ts'
import { explainAsMermaid } from '../graph/explain-as-mermaid.ts'
import { explainAsText } from '../graph/explain-as-text.ts'
import type { GraphRequest } from './command-line.ts'
import type { CommandLineIo } from './command-line-io.ts'
import { exitStatus } from './exit-status.ts'
import { writeText } from './terminal.ts'

/** Shows the job graph of a job without running it. */
export async function graphCommand(request: GraphRequest, io: CommandLineIo, prepareJob: PrepareJob): Promise<number> {
  const { jobGraph, warnings } = await prepareJob({
    jobFile: request.jobFile,
    args: request.jobArguments,
    parallelism: request.parallelism,
    properties: request.properties,
  })
  for (const { message } of warnings) await writeText(io.stderr, `warning: ${message}\n`)
  await writeText(io.stdout, rendered())
  return exitStatus.success

  function rendered(): string {
    switch (request.format) {
      case 'json':
        return `${JSON.stringify(jobGraph, null, 2)}\n`
      case 'mermaid':
        return explainAsMermaid(jobGraph)
      case 'text':
        return explainAsText(jobGraph)
    }
  }
}
