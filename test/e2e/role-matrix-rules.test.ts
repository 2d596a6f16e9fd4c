// The written-down expectation of who may what (role-matrix.expected.json) against the rules of every subgraph, for every field there is.
// And the proof that this comparison is sharp: without any single rule, or with any one loosened to everybody, it would fail.
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { rule } from '#shared/graphql/shield.ts'
import { SUBGRAPH_NAMES, type SubgraphName } from '../../contracts/node-types.ts'
import type { PermissionRules } from '../../contracts/permission-rules.ts'
import { expectedCallers, type Expectation } from '../harness/expected-permissions.ts'
import { changedRules, permissionMatrix } from '../harness/permission-matrix.ts'

const expectation = JSON.parse(
  readFileSync(new URL('./role-matrix.expected.json', import.meta.url), 'utf8'),
) as Expectation
const everybody = rule('everybody', { cache: 'contextual' })(() => true)

describe.each(SUBGRAPH_NAMES)('who may what in %s', (name: SubgraphName) => {
  let rules: PermissionRules
  beforeAll(async () => {
    rules = ((await import(`../../subgraphs/${name}/permissions.ts`)) as { rules: PermissionRules }).rules
  })

  test(`every field of ${name} lets exactly the expected roles through`, async () => {
    const matrix = await permissionMatrix(name, rules)
    expect(matrix).toEqual(expectedCallers(expectation, name, Object.keys(matrix)))
  })

  test(`removing any one rule of ${name} would be noticed`, async () => {
    const before = await permissionMatrix(name, rules)
    for (const { changed, rules: fewer } of changedRules(rules, null))
      expect(await permissionMatrix(name, fewer), `without the rule ${changed}`).not.toEqual(before)
  })

  test(`opening any one rule of ${name} to everybody would be noticed`, async () => {
    const before = await permissionMatrix(name, rules)
    for (const { changed, rules: looser } of changedRules(rules, everybody))
      expect(await permissionMatrix(name, looser), `with ${changed} open`).not.toEqual(before)
  })
})
