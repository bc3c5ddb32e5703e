// Writes docs/configuration.md from the table of options.
import { mkdirSync, writeFileSync } from 'node:fs'
import { configurationDocument } from '../packages/runtime/src/configuration/configuration-document.ts'

const path = new URL('../docs/configuration.md', import.meta.url)
mkdirSync(new URL('.', path), { recursive: true })
writeFileSync(path, configurationDocument())
