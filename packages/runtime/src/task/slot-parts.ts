import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { Doorbell } from '../exchange/doorbell.ts'
import type { Plan } from '../graph/plan.ts'
import type { SlotMessage } from '../protocol/messages.ts'
import type { SlotDeployment } from '../protocol/slot-deployment.ts'
import type { UserValues } from '../protocol/user-values.ts'
import type { TypeRegistry } from '../record/type-registry.ts'
import type { SnapshotStorage } from '../snapshot/snapshot-storage.ts'
import type { Pacing } from './pacing.ts'

/** The job as this thread has built it. */
export interface SlotPlan {
  readonly plan: Plan
  readonly registry: TypeRegistry
  readonly values: UserValues
  readonly genericTypes: boolean
  readonly checkMutation: boolean
  readonly overflowBytesMax: number
}

/** What a slot is given of the world. */
export interface SlotParts {
  readonly deployment: SlotDeployment
  /** By slot. */
  readonly doorbells: readonly Doorbell[]
  readonly clock: Clock
  readonly random: Random
  readonly createPacing: () => Pacing
  readonly storage: SnapshotStorage
  readonly send: (message: SlotMessage) => void
}
