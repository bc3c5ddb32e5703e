import { messageOf } from '../../message-of.ts'
import { KafkaError } from '../kafka-error.ts'
import { ConnectionLostError, type ConnectionSettings } from './broker-connection.ts'

/**
 * Why no connection came about: final, if the configuration has to change, else one that is worth another try. `step` says how
 * far it came: to nobody, to somebody, or to a broker that answered to the login, and refused it.
 */
export function refusal(
  address: string,
  settings: ConnectionSettings,
  step: 'connect' | 'first-request' | 'login',
  cause: unknown,
): KafkaError | ConnectionLostError {
  if (cause instanceof KafkaError) return cause
  const message = messageOf(cause)
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (settings.tls && isTlsFailure(code, message)) {
    return new KafkaError(
      'TLS_FAILED',
      `Cannot connect to broker ${address} by TLS: ${message}. Give the authority that signed its certificate (tls.ca), or the ` +
        'name that the certificate has, and check that this port of the broker speaks TLS.',
      { broker: address, systemCode: code },
      { cause },
    )
  }
  if (step === 'login') {
    return new KafkaError(
      'AUTHENTICATION_FAILED',
      `Cannot log in to broker ${address} by SASL ${settings.sasl?.mechanism}: ${message}. Check user, password and mechanism.`,
      { broker: address, mechanism: settings.sasl?.mechanism },
      { cause },
    )
  }
  return new ConnectionLostError(address, `${message}${hint(settings, step, message)}`, { cause })
}

/** A broker closes the connection without a word if it is spoken to in a way that it does not expect. */
function hint({ tls, sasl }: ConnectionSettings, step: string, message: string): string {
  if (isEndOfHandshake(message)) return '; maybe this port of the broker does not speak TLS'
  if (step === 'connect') return ''
  const guesses = [
    ...(tls ? [] : ['speaks TLS (option "tls")']),
    ...(sasl === undefined ? ['asks for a user (option "sasl")'] : []),
    'is not one of Kafka',
  ]
  return `; maybe this port ${guesses.join(', or ')}`
}

/** No failure of TLS: a broker that is being stopped ends handshakes as well as one that does not know what they are. */
function isEndOfHandshake(message: string): boolean {
  return /disconnected before secure TLS/i.test(message)
}

function isTlsFailure(code: string, message: string): boolean {
  if (isEndOfHandshake(message)) return false
  return (
    /^(ERR_TLS|ERR_SSL|ERR_OSSL|EPROTO|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HOSTNAME_MISMATCH)/.test(code) ||
    /certificate|\bSSL\b|PEM routines|altnames/i.test(message)
  )
}
