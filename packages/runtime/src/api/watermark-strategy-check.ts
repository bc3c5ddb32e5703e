import { WatermarkStrategy } from '../time/watermark-strategy.ts'
import { ApiError } from './api-error.ts'
import { type SettingOwner, show } from './setting-checks.ts'

/** For users without types. */
export function checkWatermarkStrategy(strategy: unknown, owner: SettingOwner): void {
  if (strategy instanceof WatermarkStrategy) return
  throw new ApiError(
    'INVALID_WATERMARK_STRATEGY',
    `${owner.what} got ${show(strategy)} for a watermark strategy: give it WatermarkStrategy.noWatermarks()`,
    { ...owner.facts },
  )
}
