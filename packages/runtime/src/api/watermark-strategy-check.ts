import { ApiError } from './api-error.ts'
import { type SettingOwner, show } from './setting-checks.ts'

/** For users without types. By shape, not by class: the strategy may come from another copy of the runtime. */
export function checkWatermarkStrategy(strategy: unknown, owner: SettingOwner): void {
  if (typeof strategy === 'object' && strategy !== null && 'generator' in strategy) return
  throw new ApiError(
    'INVALID_WATERMARK_STRATEGY',
    `${owner.what} got ${show(strategy)} for a watermark strategy: give it WatermarkStrategy.noWatermarks()`,
    { ...owner.facts },
  )
}
