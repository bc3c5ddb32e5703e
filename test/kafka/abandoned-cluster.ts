// Starts a cluster of tests in the directory that it is given, says its port, and never ends it.
import process from 'node:process'
import { startTestCluster } from './test-cluster.ts'

const cluster = await startTestCluster({ home: process.argv[2]! })
console.log(JSON.stringify({ port: cluster.port, directory: cluster.directory }))
setInterval(() => {}, 1_000)
