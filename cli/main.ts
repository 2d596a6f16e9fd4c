// The command line: an ordinary client of the endpoint.
import { createProgram } from './program.ts'

await createProgram().parseAsync(process.argv)
