import { runConformance } from './run-conformance.ts'

const { exitStatus, output, errors } = runConformance(process.argv.slice(2))
for (const line of output) console.log(line)
for (const line of errors) console.error(line)
process.exitCode = exitStatus
