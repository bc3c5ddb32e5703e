import { expect, test } from 'vitest'
import { connectionSettings, serverAddress } from './connection-settings.ts'

test('Servers are names, IPv4 or IPv6 addresses with a port', () => {
  expect(['kafka-1.example:9092', '127.0.0.1:1', '[::1]:65535'].map(serverAddress)).toEqual([
    { host: 'kafka-1.example', port: 9092 },
    { host: '127.0.0.1', port: 1 },
    { host: '::1', port: 65_535 },
  ])
})

test.each(['localhost', 'localhost:0', 'localhost:70000', ':9092', '::1:9092', 'http://a:1', ''])(
  'The server "%s" is refused with an example',
  (server) => {
    expect(() => connectionSettings({ bootstrapServers: [server] })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining('localhost:9092') }),
    )
  },
)

test('No servers, and times that are none, are refused', () => {
  expect(() => connectionSettings({ bootstrapServers: [] })).toThrow(/at least one broker/)
  expect(() => connectionSettings({ bootstrapServers: ['a:1'], requestTimeoutMs: 0 })).toThrow(/requestTimeoutMs 0/)
})
