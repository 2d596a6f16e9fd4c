// The variables of each role, those that many read once, all mistakes at once, and names that look like slips.
import { checkConfiguration } from '#shared/configuration.ts'
import { misspelledVariables } from '#shared/misspelled-variables.ts'
import { failed, ok, warning, type Check } from '../../../contracts/doctor.ts'
import { ALL_ROLES, type Role, type Section } from '../roles.ts'

const SUBJECT = 'Configuration'
const DOCUMENTATION = 'docs/configuration.md says what each variable means'

export function configurationChecks(environment: NodeJS.ProcessEnv, roles: readonly Role[]): Check[] {
  const sections = new Set(roles.flatMap((role) => role.sections))
  return [...[...sections].map((section) => sectionCheck(environment, section)), misspelledCheck(environment)]
}

function sectionCheck(environment: NodeJS.ProcessEnv, { name, schema }: Section): Check {
  return {
    subject: SUBJECT,
    name,
    async run() {
      const outcome = checkConfiguration(schema, environment)
      if ('problems' in outcome) return failed(outcome.problems.join('\n'), `Correct it; ${DOCUMENTATION}.`)
      const names = Object.keys(schema.shape)
      const given = names.filter((variable) => environment[variable] || environment[`${variable}_FILE`])
      if (given.length === 0) return ok('all variables at their defaults')
      return ok(`${given.join(', ')} set${given.length < names.length ? ', the others at their defaults' : ''}`)
    },
  }
}

function misspelledCheck(environment: NodeJS.ProcessEnv): Check {
  return {
    subject: SUBJECT,
    name: 'spelling',
    async run() {
      // Of all roles, since they are often given one environment.
      const known = ALL_ROLES.flatMap(({ sections }) => sections.flatMap(({ schema }) => Object.keys(schema.shape)))
      const found = misspelledVariables([...new Set(known)], environment)
      if (found.length === 0) return ok('no variable looks like a slip')
      return warning(found.join('\n'), `Correct the name, or remove the variable; ${DOCUMENTATION}.`)
    },
  }
}
