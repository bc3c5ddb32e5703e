import net from 'node:net'
import tls from 'node:tls'
import { AnswerAssembler } from './answer-assembler.ts'
import type { AnswerMemory } from './answer-memory.ts'

export interface AnswerSocketOptions {
  readonly host: string
  readonly port: number
  readonly ssl: tls.ConnectionOptions | null | undefined
  readonly onConnect: () => void
}

const keepAliveDelayMs = 60_000

/** A socket whose `data` are whole answers of a broker, with their sizes. Large ones are in `memory`, and may be given back. */
export function answerSocket({ host, port, ssl, onConnect }: AnswerSocketOptions, memory: AnswerMemory): net.Socket {
  const answers = new AnswerAssembler(memory, (answer) => socket.emit('data', answer))
  const onread: net.OnReadOpts = {
    buffer: () => answers.room(),
    callback: (count) => {
      answers.take(count)
      return true
    },
  }
  const to: net.NetConnectOpts = { host, port, onread }
  // No name is sent for an address: certificates are for names.
  const serverName = net.isIP(host) === 0 ? { servername: host } : {}
  const socket: net.Socket = ssl ? tls.connect({ ...serverName, ...ssl, ...to }, onConnect) : net.connect(to, onConnect)
  socket.setKeepAlive(true, keepAliveDelayMs)
  return socket
}
