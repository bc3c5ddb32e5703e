import { MillraceError } from '../base/error.ts'

/**
 * What a source or a sink reports: a path that is not there, a record that cannot be read, a peer that is gone.
 * Connectors outside this project use it as well, with codes of their own.
 *
 * @example
 * const error = new ConnectorError('FILE_NOT_FOUND', 'Cannot read a.log: there is no such file', { path: 'a.log' })
 * error.facts // -> { path: 'a.log' }
 */
export class ConnectorError<Code extends string = string> extends MillraceError<Code> {}
