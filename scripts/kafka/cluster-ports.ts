import { createServer } from 'node:net'
import { brokerIds, type ClusterLayout, controllerPort, loopback, plainPort, saslPort } from './broker-properties.ts'

/** A port that cannot be had, and the system's word for why: `EADDRINUSE` if somebody listens there. */
export interface TakenPort {
  readonly port: number
  readonly code: string
}

/** The first of the cluster's ports that cannot be had. */
export async function findTakenPort(
  layout: Pick<ClusterLayout, 'port' | 'brokerCount' | 'sasl'>,
): Promise<TakenPort | undefined> {
  const ports = brokerIds(layout).flatMap((id) => [
    plainPort(layout, id),
    controllerPort(layout, id),
    ...(layout.sasl ? [saslPort(layout, id)] : []),
  ])
  for (const port of ports) {
    const code = await listenError(port)
    if (code !== undefined) return { port, code }
  }
  return undefined
}

function listenError(port: number): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  const server = createServer()
  server.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  server.listen(port, loopback, () => server.close(() => resolve(undefined)))
  return promise
}
