import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const packages = fileURLToPath(new URL('../../../packages', import.meta.url))

/** A directory outside of the checkout, as a user's project is: its `node_modules` links the packages as they are built. */
export class JobDirectory implements Disposable {
  readonly path: string = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-test-')))

  constructor(files: Readonly<Record<string, string>> = {}) {
    mkdirSync(join(this.path, 'node_modules', '@millrace'), { recursive: true })
    for (const name of ['runtime', 'connectors']) {
      symlinkSync(join(packages, name), join(this.path, 'node_modules', '@millrace', name))
    }
    writeFileSync(join(this.path, 'package.json'), '{ "type": "module" }\n')
    for (const [name, text] of Object.entries(files)) this.write(name, text)
  }

  /** Answers the file's path. */
  write(name: string, text: string): string {
    const path = join(this.path, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
    return path
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}
