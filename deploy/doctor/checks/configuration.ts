// The variables of each role, all mistakes at once, and names that look like slips.
import { checkConfiguration } from '#shared/configuration.ts'
import { misspelledVariables } from '#shared/misspelled-variables.ts'
import { failed, ok, warning, type Check } from '../../../contracts/doctor.ts'
import { ALL_ROLES, type Role } from '../roles.ts'

const SUBJECT = 'Configuration'
const DOCUMENTATION = 'docs/configuration.md says what each variable means'

export function configurationChecks(environment: NodeJS.ProcessEnv, roles: readonly Role[]): Check[] {
  return [...roles.map((role) => roleCheck(environment, role)), misspelledCheck(environment)]
}

function roleCheck(environment: NodeJS.ProcessEnv, { name, schemas }: Role): Check {
  return {
    subject: SUBJECT,
    name,
    async run() {
      const problems = schemas.flatMap((schema) => {
        const outcome = checkConfiguration(schema, environment)
        return 'problems' in outcome ? outcome.problems : []
      })
      const names = [...new Set(schemas.flatMap((schema) => Object.keys(schema.shape)))]
      const given = names.filter((variable) => environment[variable] || environment[`${variable}_FILE`])
      const rest = `the other ${names.length - given.length} at their defaults`
      if (problems.length === 0)
        return ok(given.length === 0 ? 'all variables at their defaults' : `${given.join(', ')}; ${rest}`)
      return failed([...new Set(problems)].join('\n'), `Correct it in the environment of ${name}; ${DOCUMENTATION}.`)
    },
  }
}

function misspelledCheck(environment: NodeJS.ProcessEnv): Check {
  return {
    subject: SUBJECT,
    name: 'spelling',
    async run() {
      // Of all roles, since they are often given one environment.
      const known = ALL_ROLES.flatMap(({ schemas }) => schemas.flatMap((schema) => Object.keys(schema.shape)))
      const found = misspelledVariables([...new Set(known)], environment)
      if (found.length === 0) return ok('no variable looks like a slip')
      return warning(found.join('\n'), `Correct the name, or remove the variable; ${DOCUMENTATION}.`)
    },
  }
}
