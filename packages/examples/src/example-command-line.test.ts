import { expect, test } from 'vitest'
import { exampleCommandLine, helpText } from './example-command-line.ts'
import { examples } from './examples.ts'

const understand = (...args: string[]): unknown => {
  const result = exampleCommandLine(args, ({ name }) => `${name}/job.ts`)
  switch (result.command) {
    case 'run':
      return result.millraceArgs.join(' ')
    case 'demo':
      return `demo of ${result.millraceOptions.join(' ')} -- ${result.args.join(' ')}`
    default:
      return result
  }
}

test.each([
  [[], 'run access-log/job.ts --'],
  [['--rate', '100'], 'run access-log/job.ts -- --rate 100'],
  [['word-count', '--input', 'a b.txt'], 'run word-count/job.ts -- --input a b.txt'],
  [
    ['word-count', '-p', '4', '--input', 'a', '-Dx=y', '-D', 'z=1'],
    'run word-count/job.ts -p 4 -Dx=y -D z=1 -- --input a',
  ],
  [['fraud-rules', '--verbose', '--rate', '5'], 'run fraud-rules/job.ts --verbose -- --rate 5'],
  [['word-count', '--help'], { command: 'help' }],
  [
    ['orders-by-customer', '--resume', '--on-lost-transaction=skip', '--input', 'a=b'],
    'run orders-by-customer/job.ts --resume --on-lost-transaction=skip -- --input a=b',
  ],
  [['kafka', '-p', '3', '--rate', '5', '--verbose'], 'demo of -p 3 --verbose -- --rate 5'],
  [['nope'], { command: 'unknown-example', name: 'nope' }],
])('npm start -- %j', (args, expected) => {
  expect(understand(...args)).toEqual(expected)
})

test('the help names every example', () => {
  for (const { name, summary } of examples) expect(helpText()).toContain(`${name}: ${summary}`)
})
