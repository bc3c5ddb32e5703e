import type { ConfigurationOption } from './configuration-option.ts'
import { integer } from './option-type.ts'

/** The part of the table that is about the REST API of a job. */
export const RestOptions: {
  readonly REST_PORT: ConfigurationOption<number>
} = {
  REST_PORT: {
    key: 'rest.port',
    section: 'REST API',
    type: integer({ min: 0, max: 65_535, example: 8081 }),
    defaultValue: 8081,
    description:
      'The port on loopback at which a job answers the commands of `millrace`, which find it by themselves. If it is taken, ' +
      'or 0, a free one is chosen.',
    deprecatedKeys: [],
    isFlinkKey: true,
  },
}
