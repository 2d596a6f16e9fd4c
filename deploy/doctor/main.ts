// `tributary doctor`: looks at everything the platform depends on, from here and with this environment, and says how to mend what is wrong.
import { createOutput } from '../../cli/terminal/output.ts'
import { openDoctorContext } from './context.ts'
import { readFlags } from './options.ts'
import { planChecks } from './plan-checks.ts'
import { printReport } from './print-report.ts'
import { runChecks } from './run-checks.ts'

const flags = readFlags(process.argv.slice(2), process.env)
const output = createOutput({ isJson: flags.isJson })
const context = openDoctorContext({ environment: process.env, roles: flags.roles })
const results = await runChecks(planChecks(context, flags.roles))
await context.close()
printReport({ roles: flags.roles, results }, output)
// Native addons may hold the event loop open.
process.exit(results.some(({ status }) => status === 'failed') ? 1 : 0)
