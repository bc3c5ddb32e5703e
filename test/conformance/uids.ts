import { operatorIdOfUid } from '../../packages/runtime/src/graph/operator-ids.ts'
import { type CaseResult, caseResult, differencesBetween } from './conformance.ts'
import { array, object, text } from './form.ts'

/** Operator ids that Flink derives from uids. */
export function compareUids(document: unknown): readonly CaseResult[] {
  return array(object(document, 'the file').uids, 'uids').map((entry, i) => {
    const expected = object(entry, `uids[${i}]`)
    const uid = text(expected.uid, `uids[${i}].uid`)
    return caseResult(
      `uid ${JSON.stringify(uid)}`,
      differencesBetween(expected, { uid, operatorId: operatorIdOfUid(uid) }),
    )
  })
}
