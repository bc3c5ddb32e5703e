// What `npm start` runs: an example, by the very program that users run their own jobs with.
import { createRequire } from 'node:module'
import process from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { exampleCommandLine, helpText } from './example-command-line.ts'
import { examples } from './examples.ts'

const request = exampleCommandLine(process.argv.slice(2), ({ jobFile }) => fileURLToPath(jobFile))
switch (request.command) {
  case 'help':
    process.stdout.write(helpText())
    break
  case 'unknown-example':
    console.error(
      `error: There is no example "${request.name}": there are ${examples.map(({ name }) => name).join(', ')}`,
    )
    console.error('hint: npm start -- --help shows what they do')
    process.exitCode = 2
    break
  case 'run':
    // npm and pnpm run scripts in the directory of the package; paths are meant from where the user stands.
    process.chdir(process.env.INIT_CWD ?? process.cwd())
    process.argv.splice(2, Number.POSITIVE_INFINITY, ...request.millraceArgs)
    await import(millraceProgram())
    break
  case 'demo': {
    const { kafkaDemo } = await import('./kafka-demo/kafka-demo.ts')
    const { millraceOptions, args } = request
    const jobFile = fileURLToPath(request.example.jobFile)
    // Whatever a client of Kafka has left open must not keep us.
    process.exit(await kafkaDemo({ program: millraceProgram(), jobFile, millraceOptions, args }))
  }
}

/** The file that `npx millrace` runs. */
function millraceProgram(): string {
  const manifest = createRequire(import.meta.url).resolve('@millrace/runtime/package.json')
  return new URL('./bin/millrace.js', pathToFileURL(manifest)).href
}
