// Writes a generated access log to stdout: node src/access-log/write-sample.ts [lines] > data/access.log
import { generateAccessLogLine } from './generate-access-log-line.ts'

const lineCount = Number(process.argv[2] ?? 2_000)
for (let index = 0; index < lineCount; index++) process.stdout.write(`${generateAccessLogLine(index)}\n`)
