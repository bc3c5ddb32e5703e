import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { kafkaProject } from './test/kafka/kafka-project.ts'
import { excludedForWantOfPostgres } from './test/postgres/excluded-tests.ts'

const source = (file: string) => fileURLToPath(new URL(`packages/${file}`, import.meta.url))

/** Behind every door the sources, not the last build of them: one copy of each module, and no build needed. */
const sources = [
  { find: /^@millrace\/runtime$/, replacement: source('runtime/src/index.ts') },
  { find: /^@millrace\/runtime\/(connector|testing)$/, replacement: source('runtime/src/$1.ts') },
  { find: /^@millrace\/connectors\/([\w-]+)$/, replacement: source('connectors/src/$1/index.ts') },
]

/** Worker threads, the documentation's examples and packages are what users get: the build. `npm test` makes it first. */
const onTheBuild = ['integration', 'docs', 'packaging', 'postgres'].map((folder) => `test/${folder}/**/*.test.ts`)
const withoutPostgres = await excludedForWantOfPostgres()

export default defineConfig({
  test: {
    // Jobs of tests are not registered among those of whoever runs the tests.
    env: { MILLRACE_HOME: join(tmpdir(), 'millrace-tests') },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    typecheck: { enabled: false },
    projects: [
      {
        extends: true,
        resolve: { alias: sources },
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ['**/node_modules/**', ...onTheBuild, 'test/kafka/**'],
          maxWorkers: availableParallelism(),
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'threads',
          include: onTheBuild,
          exclude: ['**/node_modules/**', '**/.generated*/**', ...withoutPostgres],
          globalSetup: ['scripts/bundle-runtime.mjs'],
          // Each has threads of its own: one after the other where there are two processors.
          sequence: { groupOrder: 2 },
        },
      },
      ...(await kafkaProject(withoutPostgres)),
    ],
  },
})
