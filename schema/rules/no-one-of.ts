// Law: what composition drops is not written: `@oneOf` would hold in a subgraph and be gone at the gateway.

import { Kind } from 'graphql'
import type { Rule } from './rule.ts'

export const noOneOf: Rule = {
  name: 'no-one-of',
  law: 'No input is `@oneOf`.',
  check: ({ common, subgraphs }) =>
    [common, ...subgraphs.map(({ ownTypeDefs }) => ownTypeDefs)].flatMap(({ definitions }) =>
      definitions.flatMap((definition) =>
        definition.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION &&
        definition.directives?.some(({ name }) => name.value === 'oneOf')
          ? [
              {
                coordinate: definition.name.value,
                message: 'is @oneOf, which composition drops; check it and answer a user error',
              },
            ]
          : [],
      ),
    ),
}
