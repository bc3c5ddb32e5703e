import { type Example, examples } from './examples.ts'

/** What `npm start` was asked for. */
export type ExampleCommandLine =
  | { readonly command: 'help' }
  | { readonly command: 'unknown-example'; readonly name: string }
  /** `millraceArgs` are arguments of `millrace`. */
  | { readonly command: 'run'; readonly millraceArgs: readonly string[]; readonly example: Example }
  /** `millraceOptions` are those of `millrace run`, `args` the demo's own. */
  | {
      readonly command: 'demo'
      readonly example: Example
      readonly millraceOptions: readonly string[]
      readonly args: readonly string[]
    }

/** Options of `millrace run` that have a value, and those that have none; all others are the job's. */
const withValue = new Set([
  ...['-p', '--parallelism', '-D', '--define', '--log-level', '--log-format'],
  ...['-s', '--from-savepoint', '-cm', '--claim-mode', '--drop-state', '--on-lost-transaction'],
])
const withoutValue = new Set([
  '--verbose',
  '--json',
  '-d',
  '--detached',
  '-n',
  '--allow-non-restored-state',
  '--resume',
])

/** Understands the arguments after `npm start --`. */
export function exampleCommandLine(args: readonly string[], fileOf: (example: Example) => string): ExampleCommandLine {
  if (args.some((argument) => argument === '--help' || argument === '-h')) return { command: 'help' }
  const [first] = args
  const isNamed = first !== undefined && !first.startsWith('-')
  const example = isNamed ? examples.find(({ name }) => name === first) : examples[0]
  if (example === undefined) return { command: 'unknown-example', name: first ?? '' }

  const own: string[] = []
  const jobArgs: string[] = []
  for (let i = isNamed ? 1 : 0; i < args.length; i++) {
    const argument = args[i]!
    if (withValue.has(argument)) own.push(argument, ...args.slice(++i, i + 1))
    else if (withoutValue.has(argument) || /^-[pD]./.test(argument)) own.push(argument)
    else if (withValue.has(/^(--.+?)=/.exec(argument)?.[1] ?? '')) own.push(argument)
    else jobArgs.push(argument)
  }
  if (example.isDemo === true) return { command: 'demo', example, millraceOptions: own, args: jobArgs }
  return { command: 'run', example, millraceArgs: ['run', fileOf(example), ...own, '--', ...jobArgs] }
}

/** What `npm start -- --help` shows. */
export function helpText(): string {
  const forms = examples.flatMap(({ options }) => options.map(([form]) => form.length))
  const width = Math.max(...forms)
  const sections = examples.map(({ name, summary, options }) =>
    [`${name}: ${summary}`, ...options.map(([form, meaning]) => `  ${form.padEnd(width)}  ${meaning}`)].join('\n'),
  )
  return `npm start                                  run ${examples[0].name}
npm start -- <example> [options]           run one of these

${sections.join('\n\n')}

All of them take options of millrace run: -p N for the parallelism, -D key=value for the configuration, -s PATH to start
from a savepoint, --resume, -d to stay in the background, --verbose.
`
}
