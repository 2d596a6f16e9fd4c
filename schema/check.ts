// Holds the contract against schema style, and against its own past. Prints each place where a rule is broken and exits with 1.
//   node schema/check.ts [--against COMMIT]     compares with that commit's api.graphql; by default with the last one that differs

import { buildSchema } from 'graphql'
import { breakingChangeEntries, missingEntries } from './breaking-changes.ts'
import { composeSubgraphs } from './compose.ts'
import { readEarlierApi } from './earlier-api.ts'
import { repositoryRoot } from './generated-files.ts'
import { rules } from './rules/registry.ts'
import type { SchemaUnderCheck } from './rules/rule.ts'
import { readCommonTypeDefs, readSchemaFile, readSubgraphSources } from './sources.ts'

/** One line for each broken rule: where, what, which rule. */
export function findStyleProblems(schema: SchemaUnderCheck): string[] {
  return rules.flatMap((rule) =>
    rule.check(schema).map(({ coordinate, message }) => `${coordinate} ${message} (${rule.name})`),
  )
}

function main(parameters: readonly string[]): number {
  const sources = readSubgraphSources()
  const composition = composeSubgraphs(sources)
  if (composition.kind === 'failed') {
    for (const error of composition.errors) console.error(error)
    return 1
  }
  const { apiSdl } = composition
  const problems = findStyleProblems({ api: buildSchema(apiSdl), common: readCommonTypeDefs(), subgraphs: sources })
  for (const problem of problems) console.error(problem)

  const against = parameters.indexOf('--against')
  const earlier = readEarlierApi({
    repositoryRoot,
    currentSdl: apiSdl,
    reference: against === -1 ? null : (parameters[against + 1] ?? 'HEAD'),
  })
  if (earlier.kind === 'none') console.log(`Breaking changes not checked: ${earlier.reason}.`)
  const entries = earlier.kind === 'found' ? breakingChangeEntries(earlier.sdl, apiSdl) : []
  const missing = missingEntries(entries, readSchemaFile('CHANGELOG.md'))
  if (missing.length > 0)
    console.error(
      `Clients can break. Write into schema/CHANGELOG.md, and say what to use instead:\n${missing.join('\n')}`,
    )
  return problems.length + missing.length === 0 ? 0 : 1
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2))
