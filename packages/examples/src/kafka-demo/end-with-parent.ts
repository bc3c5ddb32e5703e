// Loaded before the job's program: a demo that was killed leaves no job behind.
import process from 'node:process'

process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
process.channel?.unref()
