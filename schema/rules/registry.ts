// Every rule of schema style that a program can check, in the order of the style guide: names, descriptions, shapes, federation.

import { booleansAskAQuestion } from './booleans-ask-a-question.ts'
import { connectionsAreAlike } from './connections-are-alike.ts'
import { createsAreRepeatable } from './creates-are-repeatable.ts'
import { deprecationsPointAhead } from './deprecations-point-ahead.ts'
import { descriptionsAreSentences } from './descriptions-are-sentences.ts'
import { entitiesHaveOneOwner } from './entities-have-one-owner.ts'
import { eventsHaveHappened } from './events-have-happened.ts'
import { everyElementDescribed } from './every-element-described.ts'
import { foreignFieldsAreNullable } from './foreign-fields-are-nullable.ts'
import { listsAreWhole } from './lists-are-whole.ts'
import { mutationArguments } from './mutation-arguments.ts'
import { mutationPayloads } from './mutation-payloads.ts'
import { mutationsSubjectFirst } from './mutations-subject-first.ts'
import { namesAreCased } from './names-are-cased.ts'
import { noOneOf } from './no-one-of.ts'
import { noTechnologyWords } from './no-technology-words.ts'
import { noVerbPrefixes } from './no-verb-prefixes.ts'
import { notFoundIsNull } from './not-found-is-null.ts'
import { nullIsExplained } from './null-is-explained.ts'
import { plainListsAreBounded } from './plain-lists-are-bounded.ts'
import { relationsAreObjects } from './relations-are-objects.ts'
import { requiresWithoutArguments } from './requires-without-arguments.ts'
import type { Rule } from './rule.ts'
import { sharedTypesAreCommon } from './shared-types-are-common.ts'
import { subscriptionsFollowOrStart } from './subscriptions-follow-or-start.ts'
import { unitsInNames } from './units-in-names.ts'
import { userErrorCodes } from './user-error-codes.ts'

export const rules: readonly Rule[] = [
  namesAreCased,
  noVerbPrefixes,
  noTechnologyWords,
  booleansAskAQuestion,
  unitsInNames,
  everyElementDescribed,
  descriptionsAreSentences,
  nullIsExplained,
  relationsAreObjects,
  listsAreWhole,
  plainListsAreBounded,
  connectionsAreAlike,
  notFoundIsNull,
  mutationsSubjectFirst,
  mutationArguments,
  mutationPayloads,
  userErrorCodes,
  createsAreRepeatable,
  subscriptionsFollowOrStart,
  eventsHaveHappened,
  deprecationsPointAhead,
  entitiesHaveOneOwner,
  foreignFieldsAreNullable,
  sharedTypesAreCommon,
  noOneOf,
  requiresWithoutArguments,
]
