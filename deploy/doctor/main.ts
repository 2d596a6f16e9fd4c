// `tributary doctor`: looks at everything the platform depends on, from here and with this environment, and says how to mend what is wrong.
import { createOutput } from '../../cli/terminal/output.ts'
import { readFlags } from './options.ts'

const flags = readFlags(process.argv.slice(2), process.env)
// Only now, so that help and mistakes need not wait for the drivers of every store.
const [{ openDoctorContext }, { planChecks }, { printReport }, { runChecks }] = await Promise.all([
  import('./context.ts'),
  import('./plan-checks.ts'),
  import('./print-report.ts'),
  import('./run-checks.ts'),
])
const output = createOutput({ isJson: flags.isJson })
const context = openDoctorContext({ environment: process.env, roles: flags.roles })
const results = await runChecks(planChecks(context, flags.roles))
await context.close()
printReport({ roles: flags.roles, results }, output)
// Native addons may hold the event loop open.
process.exit(results.some(({ status }) => status === 'failed') ? 1 : 0)
