// The tagger's offsets must point at the words they are said to point at, for any text at all.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createWinkTagText } from './wink-tag-text.ts'

const awkward = fc.stringMatching(/^[\p{L}\p{N}\p{P}\p{S}\s\u00a0\u2028\u{1f600}\ud800]{0,120}$/u)

test('every token of any text stands at its offset, and sentences cover their tokens in order', () => {
  const tagText = createWinkTagText()
  fc.assert(
    fc.property(fc.oneof(awkward, fc.string({ unit: 'binary', maxLength: 80 }), fc.lorem({ maxCount: 20 })), (text) => {
      let end = 0
      for (const sentence of tagText(text)) {
        expect(sentence.startOffset).toBeGreaterThanOrEqual(end)
        for (const token of sentence.tokens) {
          expect(text.slice(token.startOffset, token.endOffset)).toBe(token.text)
          expect(token.startOffset).toBeGreaterThanOrEqual(end)
          end = token.endOffset
        }
        expect(sentence.endOffset).toBe(end)
      }
      // What no token holds is white space.
      expect(text.slice(end).trim()).toBe('')
    }),
    { numRuns: 500 },
  )
})

test('a process can make more taggers than the package itself would allow', () => {
  for (let made = 0; made < 22; made += 1)
    expect(createWinkTagText()('Anna Weber visited Oslo.')[0]?.tokens).toHaveLength(5)
})
