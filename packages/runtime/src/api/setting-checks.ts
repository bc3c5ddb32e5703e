import { MAX_PARALLELISM_LIMIT } from '../keys/max-parallelism.ts'
import { ApiError, type ApiErrorCode } from './api-error.ts'

/** Names the thing that a setting belongs to, e.g. `operator "Map" (job.ts:4)`, in messages and facts. */
export interface SettingOwner {
  readonly what: string
  readonly facts: Readonly<Record<string, unknown>>
}

/** The parallelism must be an integer from 1 to `MAX_PARALLELISM_LIMIT`. */
export function checkParallelism(value: unknown, owner: SettingOwner): number {
  const remedy = `must be an integer from 1 to ${MAX_PARALLELISM_LIMIT}; leave the call out to take the job's`
  return checkInteger('parallelism', 'INVALID_PARALLELISM', value, 1, MAX_PARALLELISM_LIMIT, remedy, owner)
}

/** The number of key groups must be an integer from 1 to `MAX_PARALLELISM_LIMIT`. */
export function checkMaxParallelism(value: unknown, owner: SettingOwner): number {
  const remedy = `must be an integer from 1 to ${MAX_PARALLELISM_LIMIT}; leave the call out to take the default`
  return checkInteger('max parallelism', 'INVALID_MAX_PARALLELISM', value, 1, MAX_PARALLELISM_LIMIT, remedy, owner)
}

/** 0: after every record; else milliseconds. What -1 means depends on the owner. */
export function checkBufferTimeout(value: unknown, minusOne: string, owner: SettingOwner): number {
  const remedy = `must be -1 (${minusOne}), 0 (send every record at once) or a whole number of milliseconds`
  return checkInteger('buffer timeout', 'INVALID_BUFFER_TIMEOUT', value, -1, 2 ** 31 - 1, remedy, owner)
}

/** Text that names something: neither empty nor blank. */
export function checkText(setting: string, code: ApiErrorCode, value: unknown, owner: SettingOwner): string {
  if (typeof value === 'string' && value.trim() !== '') return value
  throw new ApiError(
    code,
    `Cannot set the ${setting} of ${owner.what} to ${show(value)}: it must be a non-empty text`,
    {
      ...owner.facts,
      value,
    },
  )
}

function checkInteger(
  setting: string,
  code: ApiErrorCode,
  value: unknown,
  from: number,
  to: number,
  remedy: string,
  owner: SettingOwner,
): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= from && value <= to) return value
  throw new ApiError(code, `Cannot set the ${setting} of ${owner.what} to ${show(value)}: it ${remedy}`, {
    ...owner.facts,
    value,
  })
}

/** A value as a message shows it: short, and never failing. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}...` : value)
  if (typeof value === 'function') return value.name === '' ? 'a function' : `the function ${value.name}`
  if (typeof value === 'bigint') return `${value}n`
  if (value === null || typeof value !== 'object') return String(value)
  return Array.isArray(value) ? `an array of ${value.length}` : `an object of ${value.constructor?.name ?? 'no class'}`
}
