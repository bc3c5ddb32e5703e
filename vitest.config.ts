import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// Unit tests see the sources of the doors, not the last build of them.
const door = (file: string) => fileURLToPath(new URL(`packages/runtime/src/${file}`, import.meta.url))

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@millrace\/runtime\/connector$/, replacement: door('connector.ts') },
      { find: /^@millrace\/runtime\/testing$/, replacement: door('testing.ts') },
    ],
  },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    typecheck: { enabled: false },
  },
})
