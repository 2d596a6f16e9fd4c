// A change that can break a client is allowed, but never by accident: each one stands in schema/CHANGELOG.md, word for word.

import { buildSchema, findBreakingChanges } from 'graphql'

/** The lines to write into the changelog: one for each change from `earlierApi` to `api` that can break a client. */
export function breakingChangeEntries(earlierApi: string, api: string): string[] {
  const changes = findBreakingChanges(buildSchema(earlierApi), buildSchema(api))
  return changes.map(({ description }) => `- BREAKING: ${description}`)
}

/** Those entries the changelog does not hold. More may follow on the same line: what to use instead. */
export function missingEntries(entries: readonly string[], changelog: string): string[] {
  const lines = changelog.split('\n')
  return entries.filter((entry) => !lines.some((line) => line.startsWith(entry)))
}
