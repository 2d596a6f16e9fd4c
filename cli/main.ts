// The command line: an ordinary client of the endpoint.
import { createProgram } from './program.ts'

const commandLine = process.argv.slice(2)
await createProgram(commandLine).parseAsync(commandLine, { from: 'user' })
