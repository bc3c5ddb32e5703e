import { expect, test } from 'vitest'
import { connectionSettings } from './connection-settings.ts'
import { refusal } from './refusals.ts'

const settings = connectionSettings({
  bootstrapServers: ['broker:1'],
  tls: true,
  sasl: { mechanism: 'plain', username: 'u', password: 'p' },
})

function refused(step: Parameters<typeof refusal>[2], message: string, code?: string) {
  const cause = Object.assign(new Error(message), code === undefined ? {} : { code })
  return refusal('broker:1', settings, step, cause)
}

test('What a broker answers to a login is final', () => {
  expect(refused('login', 'Authentication failed: Invalid username or password')).toMatchObject({
    code: 'AUTHENTICATION_FAILED',
    isLasting: true,
    facts: { broker: 'broker:1', mechanism: 'plain' },
  })
})

test.each([
  ['connect', 'Client network socket disconnected before secure TLS connection was established', 'ECONNRESET'],
  ['connect', 'Connection error: connect ECONNREFUSED 127.0.0.1:1', 'ECONNREFUSED'],
  ['first-request', 'Closed connection', undefined],
] as const)('A connection that ends may come about later: %s %s', (step, message, code) => {
  expect(refused(step, message, code)).toMatchObject({
    name: 'ConnectionLostError',
    address: 'broker:1',
    message: expect.stringContaining(message),
  })
})

test.each([
  ['unable to verify the first certificate', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ['self-signed certificate', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ["Hostname/IP does not match certificate's altnames", 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ['SSL routines:ssl3_get_record:wrong version number', 'EPROTO'],
])('A certificate or a protocol that does not fit is final: %s', (message, code) => {
  expect(refused('connect', message, code)).toMatchObject({ code: 'TLS_FAILED', isLasting: true })
})
