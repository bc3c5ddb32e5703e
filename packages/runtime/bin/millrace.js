#!/usr/bin/env node
// Plain JavaScript that an old Node understands, so that it can say what it needs.
var version = process.versions.node.split('.').map(Number)
if (version[0] > 22 || (version[0] === 22 && version[1] >= 12)) {
  process.setSourceMapsEnabled(true)
  import('../dist/cli/process-entry.js').then((entry) => entry.runProcess())
} else {
  console.error(`error: Millrace needs Node 22.12 or newer, and this is Node ${process.versions.node}`)
  process.exitCode = 2
}
