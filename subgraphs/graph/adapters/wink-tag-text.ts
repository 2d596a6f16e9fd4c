// Sentences and parts of speech by wink-nlp with its small English model. The library gives each word with the white
// space before it; offsets are the running sum, which a test holds against the text for arbitrary input.
import model from 'wink-eng-lite-web-model'
import winkNLP from 'wink-nlp'
import type { TaggedSentence, TaggedToken, TagText } from '../domain/tagged-text.ts'

/**
 * Read once: the package's loader serialises what it serialised the time before, so that each instance would get a string twice as long, until
 * no string could hold that of the twenty-first.
 */
const metaModel = (model.metaCER as () => unknown)()
const modelReadOnce: typeof model = { ...model, metaCER: () => metaModel }

/**
 * Returns a tagger with a vocabulary of its own (50 ms). wink-nlp adds every new word to it for as long as the instance lives: with one per
 * document, memory stays bounded and nothing can depend on what was read before.
 */
export function createWinkTagText(): TagText {
  const nlp = winkNLP(modelReadOnce, ['sbd', 'pos'])
  const { its } = nlp
  const vocabulary = nlp.readDoc('')
  return (text) => {
    // The library loses count of rarer white space; all of it is one code unit long.
    const document = nlp.readDoc(text.replace(/[^\S \n]/gu, ' '))
    const tokens = document.tokens()
    const values = tokens.out<string>(its.value)
    const spaces = tokens.out<string>(its.precedingSpaces)
    const partsOfSpeech = tokens.out<string>(its.pos)
    const areStopWords = tokens.out(its.stopWordFlag) as boolean[]
    let offset = 0
    const tagged = values.map((value, index): TaggedToken => {
      const startOffset = offset + (spaces[index] ?? '').length
      offset = startOffset + value.length
      return {
        text: value,
        startOffset,
        endOffset: offset,
        isProperNoun: partsOfSpeech[index] === 'PROPN',
        isDictionaryWord: !vocabulary.isOOV(value.toLowerCase()),
        isFunctionWord: areStopWords[index] ?? false,
      }
    })
    const sentences = document.sentences().out(its.span) as unknown as [first: number, last: number][]
    return sentences.flatMap(([first, last]): TaggedSentence[] => {
      const words = tagged.slice(first, last + 1).filter((token) => token.text.trim() !== '')
      const start = words[0]
      const end = words.at(-1)
      return start && end ? [{ startOffset: start.startOffset, endOffset: end.endOffset, tokens: words }] : []
    })
  }
}
