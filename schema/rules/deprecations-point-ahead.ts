// Law: whoever meets a deprecation knows what to use and until when the old way works.

import type { Rule } from './rule.ts'
import { inputValues, namedTypes, outputFields } from './walk.ts'
import { isEnumType } from 'graphql'

export const deprecationsPointAhead: Rule = {
  name: 'deprecations-point-ahead',
  law: 'A deprecation reads "Use X. Removed in N."',
  check: ({ api }) =>
    [
      ...outputFields(api).map(({ coordinate, field }) => ({ coordinate, reason: field.deprecationReason })),
      ...inputValues(api).map(({ coordinate, value }) => ({ coordinate, reason: value.deprecationReason })),
      ...namedTypes(api)
        .filter(isEnumType)
        .flatMap((type) =>
          type
            .getValues()
            .map((value) => ({ coordinate: `${type.name}.${value.name}`, reason: value.deprecationReason })),
        ),
    ]
      .filter(({ reason }) => reason != null && !/^Use .+\. Removed in \S+\.$/.test(reason))
      .map(({ coordinate, reason }) => ({
        coordinate,
        message: `is deprecated with "${reason}"; write "Use X. Removed in N."`,
      })),
}
