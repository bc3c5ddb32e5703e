import type { StandardSchemaV1 } from '@standard-schema/spec'
import { typeFromStandardSchema } from '../record/standard-schema-type.ts'
import type { TypeInformation } from '../record/type-information.ts'
import { ApiError } from './api-error.ts'
import { type SettingOwner, show } from './setting-checks.ts'

/** What a type may be declared by: a `TypeInformation`, or a schema of any library that follows Standard Schema. */
export type DeclaredType<T> = TypeInformation<T> | StandardSchemaV1<unknown, T>

/** The type information behind a declaration. */
export function typeInformationOf(type: DeclaredType<unknown>, owner: SettingOwner): TypeInformation<unknown> {
  if (type !== null && (typeof type === 'object' || typeof type === 'function')) {
    // A schema comes first: a library's own object may have a property `kind` as well.
    if ('~standard' in type) return typeFromStandardSchema(type)
    if ('kind' in type && typeof type.kind === 'string') return type
  }
  throw new ApiError(
    'INVALID_TYPE',
    `Cannot declare the type of ${owner.what} by ${show(type)}: give a TypeInformation (Types.row({...})) or a Standard Schema`,
    { ...owner.facts },
  )
}
