import { MillraceError } from '../base/error.ts'

/** What the REST API refuses a request for. */
export type RestErrorCode =
  | 'BAD_REQUEST'
  | 'UNAUTHORIZED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'BODY_TOO_LARGE'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'TOO_MANY_OPERATIONS'

const statusOf: Readonly<Record<RestErrorCode, number>> = {
  BAD_REQUEST: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  BODY_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  TOO_MANY_OPERATIONS: 503,
}

/** A request that is answered by an error. Its message is the only line of the answer. */
export class RestError extends MillraceError<RestErrorCode> {
  get status(): number {
    return statusOf[this.code]
  }
}
