import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { SourceMap, type SourceMapPayload } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { bundleJob } from './job-bundle.ts'

interface InspectorMessage {
  readonly method?: string
  readonly params?: {
    readonly hitBreakpoints?: readonly string[]
    readonly callFrames?: readonly { readonly location: { readonly lineNumber: number } }[]
  }
}

test('a breakpoint in the file of the user stops under --inspect', async () => {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-debugging-')))
  try {
    mkdirSync(join(directory, 'node_modules'))
    const jobFile = join(directory, 'job.ts')
    writeFileSync(
      jobFile,
      `type Dropped = string\n\nfunction double(n: number): number {\n  return n * 2\n}\nexport default double(21)\n`,
    )
    const bundle = await bundleJob(jobFile)

    // As a debugger does it: the place in the source, by way of the source map, is a place in the bundle.
    const map = JSON.parse(readFileSync(`${bundle.path}.map`, 'utf8')) as SourceMapPayload
    expect(readFileSync(bundle.path, 'utf8')).toMatch(/\n\/\/# sourceMappingURL=job\.mjs\.map\n$/)
    expect(map.sources.map((source) => new URL(source, bundle.url).href)).toEqual([pathToFileURL(jobFile).href])
    const line = generatedLineOf(map, readFileSync(bundle.path, 'utf8'), 4)

    expect(await lineOfPause(bundle.url, line)).toBe(line)
  } finally {
    rmSync(directory, { recursive: true })
  }
})

/** Counted from 0; `originalLine` from 1. */
function generatedLineOf(payload: SourceMapPayload, code: string, originalLine: number): number {
  const map = new SourceMap(payload)
  return code.split('\n').findIndex((text, line) => {
    const entry = map.findEntry(line, text.search(/\S|$/))
    return 'originalLine' in entry && entry.originalLine === originalLine - 1
  })
}

/** Where a program that imports `url` stops, given one breakpoint. */
async function lineOfPause(url: string, lineNumber: number): Promise<number | undefined> {
  const program = spawn(process.execPath, ['--inspect-brk=127.0.0.1:0', '-e', `import(${JSON.stringify(url)})`])
  const ended = once(program, 'exit')
  try {
    let output = ''
    for await (const chunk of program.stderr) {
      output += String(chunk)
      if (/ws:\S+\s/.test(output)) break
    }
    const socket = new WebSocket(/ws:\S+/.exec(output)?.[0] ?? '')
    await once(socket, 'open')
    let id = 0
    const send = (method: string, params: object = {}): void =>
      socket.send(JSON.stringify({ id: ++id, method, params }))
    const paused = new Promise<number | undefined>((resolve) => {
      socket.addEventListener('message', ({ data }) => {
        const { method, params } = JSON.parse(String(data)) as InspectorMessage
        if (method !== 'Debugger.paused') return
        // The first stop is that of --inspect-brk.
        if (params?.hitBreakpoints?.length === 1) resolve(params.callFrames?.[0]?.location.lineNumber)
        else send('Debugger.resume')
      })
    })
    send('Debugger.enable')
    send('Debugger.setBreakpointByUrl', { url, lineNumber })
    send('Runtime.runIfWaitingForDebugger')
    const outcome = await Promise.race([paused, ended.then(() => undefined)])
    socket.close()
    return outcome
  } finally {
    program.kill('SIGKILL')
    await ended
  }
}
