export { MillraceError } from './base/error.ts'
