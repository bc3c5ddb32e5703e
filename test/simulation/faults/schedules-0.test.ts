import { vi } from 'vitest'
import { testSchedules } from './test-schedules.ts'

vi.mock(import('../../../packages/runtime/src/exchange/input-gate.ts'), async (original) => {
  const { observed } = await import('../../../packages/runtime/src/testing/faults/observed-gates.ts')
  return observed(await original())
})

testSchedules(0)
