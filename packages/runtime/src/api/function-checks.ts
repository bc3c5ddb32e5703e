import { ApiError } from './api-error.ts'
import { type SettingOwner, show } from './setting-checks.ts'

/**
 * The type of a message that stands where a function would be accepted: no function is assignable to it, so the
 * compiler prints it. A function whose result is not a promise is left alone.
 */
export type SynchronousOnly<Result, Message extends string> = MayBePromise<Result> extends true ? Message : unknown

// The brackets keep this undecided for a type parameter, as in a user's generic function, in such a way that the compiler
// accepts it there: it takes a type parameter for `any` to see whether the true branch can be left out.
type MayBePromise<Result> = [0] extends [1 & Result]
  ? false
  : [Extract<Result, PromiseLike<unknown>>] extends [never]
    ? false
    : true

/** What the compiler says of `map(async ...)`. */
export type NoPromiseFromMap = 'A map function may not return a promise: what waits belongs to an async operator'

const promiseRemedy =
  'A function between two records may not wait: do the work in a source or a sink (a sink writer may return promises)'

/**
 * Checks, for users without types, that `fn` is a plain function or has all of `methods`; and that none is async.
 * A plain function is accepted only if `plain` is set.
 */
export function checkFunction(fn: unknown, methods: readonly string[], plain: boolean, owner: SettingOwner): void {
  if (typeof fn === 'function') {
    if (/^class\b/.test(Function.prototype.toString.call(fn))) {
      throw new ApiError(
        'CLASS_INSTEAD_OF_INSTANCE',
        `${owner.what} got the class ${fn.name}: give it an instance, new ${fn.name}(...)`,
        { ...owner.facts, className: fn.name },
      )
    }
    if (plain) {
      checkSynchronous(fn, owner)
      return
    }
  }
  const wanted = `${plain ? 'a function, or ' : ''}an object with ${methods.map((name) => `${name}()`).join(' and ')}`
  if (typeof fn !== 'object' || fn === null) {
    throw new ApiError('NOT_A_FUNCTION', `${owner.what} needs ${wanted}, but got ${show(fn)}`, { ...owner.facts })
  }
  const members = fn as Readonly<Record<string, unknown>>
  for (const name of methods) {
    const method = members[name]
    if (typeof method !== 'function') {
      throw new ApiError('NOT_A_FUNCTION', `${owner.what} needs ${wanted}, but ${name} is ${show(method)}`, {
        ...owner.facts,
        method: name,
      })
    }
    checkSynchronous(method, owner)
  }
}

/** `onTimer`, where there is one, waits for nothing either. */
export function checkTimerFunction(fn: unknown, owner: SettingOwner): void {
  if (typeof fn !== 'object' || fn === null || !('onTimer' in fn)) return
  const { onTimer } = fn
  if (onTimer !== undefined) checkFunction({ onTimer }, ['onTimer'], false, owner)
}

/** What the compiler asks of a function where there are no keys. */
export interface WithoutTimers {
  /** Timers belong to keys: call `keyBy` first. */
  readonly onTimer?: never
}

/** The same at run time. */
export function checkWithoutTimers(fn: unknown, owner: SettingOwner): void {
  if (typeof fn !== 'object' || fn === null || !('onTimer' in fn) || fn.onTimer === undefined) return
  throw new ApiError(
    'TIMERS_WITHOUT_KEY',
    `${owner.what} got a function with onTimer, but timers belong to keys: call keyBy before (with two inputs: on both)`,
    { ...owner.facts },
  )
}

/** A promise from a plain function is only seen when it runs; `async` can be seen here. */
function checkSynchronous(fn: object, owner: SettingOwner): void {
  const kind = Object.prototype.toString.call(fn)
  if (kind !== '[object AsyncFunction]' && kind !== '[object AsyncGeneratorFunction]') return
  throw new ApiError('ASYNC_FUNCTION', `${owner.what} got an async function. ${promiseRemedy}`, { ...owner.facts })
}
