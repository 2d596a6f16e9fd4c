// graphql-shield by its CommonJS build: the other one imports `util.isUndefined`, which Node 23 removed, and does not load.
// Its `chain` and `race` call that function and cannot be used; `and`, `or` and `not` can.
import { createRequire } from 'node:module'
import type * as GraphqlShield from 'graphql-shield'

const library = createRequire(import.meta.url)('graphql-shield') as typeof GraphqlShield

export const shield: typeof GraphqlShield.shield = library.shield
export const rule: typeof GraphqlShield.rule = library.rule
