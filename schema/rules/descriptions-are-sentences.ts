// Law: a description is made of sentences, and the first stands alone, because Sandbox shows no more of it in a list.

import type { Rule } from './rule.ts'
import { elements } from './walk.ts'

const longestFirstSentence = 160

export const descriptionsAreSentences: Rule = {
  name: 'descriptions-are-sentences',
  law: `A description begins like a sentence, ends with a full stop, and its first sentence has at most ${longestFirstSentence} characters.`,
  check: ({ api }) =>
    elements(api).flatMap(({ coordinate, description }) => {
      const text = description?.trim() ?? ''
      if (text === '') return []
      if (!/^[A-Z0-9`]/.test(text)) return [{ coordinate, message: 'description does not begin like a sentence' }]
      if (!text.endsWith('.')) return [{ coordinate, message: 'description does not end with a full stop' }]
      const [firstSentence = text] = text.split(/(?<=\.)\s/)
      if (firstSentence.length <= longestFirstSentence) return []
      return [{ coordinate, message: `first sentence has ${firstSentence.length} characters; split it` }]
    }),
}
