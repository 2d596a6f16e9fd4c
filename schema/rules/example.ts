// Small schemas for the tests of rules: what clients see, or what several subgraphs say.

import { buildASTSchema, Kind, parse, type DocumentNode } from 'graphql'
import type { Rule, SchemaUnderCheck } from './rule.ts'

const noTypeDefs: DocumentNode = { kind: Kind.DOCUMENT, definitions: [] }

/** A schema as clients see it, without any subgraph. */
export function exampleApi(sdl: string): SchemaUnderCheck {
  return { api: buildASTSchema(parse(sdl), { assumeValid: true }), common: noTypeDefs, subgraphs: [] }
}

/** Subgraphs by name, without what they compose to; `common` is the text of the common file. */
export function exampleSubgraphs(sdls: Record<string, string>, common = ''): SchemaUnderCheck {
  return {
    ...exampleApi('scalar Nothing'),
    common: common === '' ? noTypeDefs : parse(common),
    subgraphs: Object.entries(sdls).map(([name, sdl]) => ({ name, ownTypeDefs: parse(sdl) })),
  }
}

/** Where a rule finds its law broken. */
export function brokenAt(rule: Rule, schema: SchemaUnderCheck): string[] {
  return rule.check(schema).map(({ coordinate }) => coordinate)
}
