import type { SeededRandom } from '@millrace/runtime/testing'

/** When a run dies. */
export type Kill =
  /** By its own hand, when one of its threads reaches a crash point that often. */
  | { readonly kind: 'at'; readonly point: 'sink-precommitted' | 'sink-committed'; readonly times: number }
  /** So long after it was started, maybe before it runs. */
  | { readonly kind: 'early'; readonly afterMs: number }
  /** So long after it has said that it runs. */
  | { readonly kind: 'running'; readonly afterMs: number }
  /** So long after something that it has written has arrived. */
  | { readonly kind: 'writing'; readonly afterMs: number }

/** What happens to the broker during a run. */
export interface Bounce {
  /** SIGKILL, or in order. */
  readonly how: 'kill' | 'stop'
  /** So long after the run has said that it runs. */
  readonly afterMs: number
  readonly downMs: number
  /** Whether the run is to see the broker again before it is killed. */
  readonly isSurvived: boolean
}

/** One run of a job. */
export interface Round {
  readonly kill: Kill
  readonly bounce?: Bounce
}

const startMsMax = 900
const runMsMax = 1_000
const writeMsMax = 600
const timesMax = 4

/**
 * So many rounds in random order, of which a quarter and 2 more die between pre-commit and commit, an eighth after a commit, and
 * one in ten sees its broker go and come.
 */
export function killPlan(random: SeededRandom, kills: number): readonly Round[] {
  const plan: Kill[] = []
  for (let i = 0; i < Math.ceil(kills / 4) + 2; i++) {
    plan.push({ kind: 'at', point: 'sink-precommitted', times: 1 + random.below(timesMax) })
  }
  for (let i = 0; i < Math.floor(kills / 8); i++) {
    plan.push({ kind: 'at', point: 'sink-committed', times: 1 + random.below(timesMax) })
  }
  while (plan.length < kills) {
    const choice = random.below(6)
    if (choice === 0) plan.push({ kind: 'early', afterMs: random.below(startMsMax) })
    else if (choice === 1) plan.push({ kind: 'running', afterMs: random.below(runMsMax) })
    else plan.push({ kind: 'writing', afterMs: random.below(writeMsMax) })
  }
  const kept = plan.slice(0, kills)
  for (let i = kept.length - 1; i > 0; i--) {
    const j = random.below(i + 1)
    ;[kept[i], kept[j]] = [kept[j]!, kept[i]!]
  }
  let bounces = 0
  return kept.map((kill, i) => {
    if (i % 10 !== 5) return { kill }
    bounces++
    const bounce: Bounce = {
      how: bounces % 2 === 1 ? 'kill' : 'stop',
      afterMs: random.below(600),
      downMs: random.below(500),
      isSurvived: bounces % 3 !== 0,
    }
    if (kill.kind === 'at') return { kill, bounce }
    // A run that dies before it runs would not notice, and without a broker none writes.
    return { kill: { ...kill, kind: bounce.isSurvived ? 'writing' : 'running' }, bounce }
  })
}

/** In words, for the story of a test. */
export function describeRound({ kill, bounce }: Round): string {
  const since = { early: 'was started', running: 'ran', writing: 'had written something' }
  const death =
    kill.kind === 'at' ? `at ${kill.point}, time ${kill.times}` : `${kill.afterMs} ms after it ${since[kill.kind]}`
  if (bounce === undefined) return death
  const { how, afterMs, downMs, isSurvived } = bounce
  return `${death}; broker: ${how} after ${afterMs} ms for ${downMs} ms${isSurvived ? ', survived' : ''}`
}
