// The rules of extraction with a tagger simple enough to see through: capitalised words are proper nouns.
import { expect, test } from 'vitest'
import type { NameType } from './document-names.ts'
import type { DocumentContributions } from './entity.ts'
import { extractContributions, type TextBlock } from './extract-contributions.ts'
import type { TaggedSentence } from './tagged-text.ts'

const functionWords = new Set('a an and by for in is it of on the to was with'.split(' '))
const dictionary = new Set('army bank free group package policy red report university window works'.split(' '))
const people = new Set(['Ada Byron', 'Kali Linux'])

function tagText(text: string): TaggedSentence[] {
  return [...text.matchAll(/[^.!?]+[.!?]?/g)].flatMap((sentence) => {
    const tokens = [...sentence[0].matchAll(/[\p{L}\p{N}']+|[^\s\p{L}\p{N}']/gu)].map((match) => ({
      text: match[0],
      startOffset: sentence.index + match.index,
      endOffset: sentence.index + match.index + match[0].length,
      isProperNoun: /^\p{Lu}/u.test(match[0]),
      isDictionaryWord: dictionary.has(match[0].toLowerCase()) || functionWords.has(match[0].toLowerCase()),
      isFunctionWord: functionWords.has(match[0].toLowerCase()),
    }))
    const [first, last] = [tokens[0], tokens.at(-1)]
    return first && last ? [{ startOffset: first.startOffset, endOffset: last.endOffset, tokens }] : []
  })
}

const typeOfName = (name: string): NameType => (people.has(name) ? 'PERSON' : name === 'Oslo' ? 'PLACE' : 'NAME')

function extract(...parts: (string | [TextBlock['kind'], string])[]): DocumentContributions & { names: string[] } {
  let text = ''
  const blocks = parts.map((part): TextBlock => {
    const [kind, content] = typeof part === 'string' ? (['paragraph', part] as const) : part
    const startOffset = text.length
    text += `${content}\n\n`
    return { kind, startOffset, endOffset: startOffset + content.length }
  })
  const result = extractContributions({ text, blocks, tagText, typeOfName })
  return {
    ...result,
    names: result.entities.map((entity) => `${entity.type} ${entity.name} ${entity.mentions.length}`),
  }
}

test('a word that the document also writes in lower case is no name for having a capital', () => {
  expect(extract('Debian is free. The Policy is a policy. A policy of Debian.').names).toEqual(['NAME Debian 2'])
})

test('a name at the start of a sentence needs evidence from elsewhere only if it is an ordinary word', () => {
  expect(extract('Debian works. Window works. Report on Oslo.').names).toEqual(['NAME Debian 1', 'PLACE Oslo 1'])
})

test('a heading gives no evidence, but what the text names is found in headings too', () => {
  const { names } = extract(['heading', 'Package Policy of Debian'], 'It is by Debian with a package and a policy.')
  expect(names).toEqual(['NAME Debian 2'])
})

test('hyphens and slashes join a name, a lower-case ending does not belong to it, and identifiers are no names', () => {
  const { names } = extract('It is GNU/Linux on PA-RISC, Oslo-based, with DEB_HOST and $HOME and /etc/Skel by Debian.')
  expect(names).toEqual(['NAME Debian 1', 'NAME GNU/Linux 1', 'PLACE Oslo 1', 'NAME PA-RISC 1'])
})

test('"of" joins after an ordinary word only, and a possessive ending is dropped', () => {
  const { names } = extract("It was by the University of Oslo and Byron of Oslo with Debian's group.")
  expect(names).toEqual(['NAME Byron 1', 'NAME Debian 1', 'PLACE Oslo 1', 'NAME University of Oslo 1'])
})

test('a family name alone is the person that the document names in full, unless more names begin with it', () => {
  expect(extract('It is Ada Byron. It was Byron.').names).toEqual(['PERSON Ada Byron 1', 'PERSON Byron 1'])
  const { names } = extract('It is Kali Linux on Linux with a Linux Bank.')
  expect(names).toContain('NAME Linux 1')
})

test('code is searched for addresses only', () => {
  expect(extract(['code', 'Debian is by Ada Byron a@example.org']).names).toEqual(['EMAIL a@example.org 1'])
})

test('spellings that differ in case, dots and white space are one entity, shown as most often written', () => {
  const { names } = extract('It is the C.N.T and ADA\nBYRON with Ada Byron and Ada Byron.')
  expect(names).toContain('PERSON Ada Byron 2')
})

test('entities of one sentence are related by as many sentences as name both, those of a list are not', () => {
  const { entities, coMentions } = extract('It is Debian by Oslo. It was Oslo on Debian. It is Debian and Debian.')
  expect(entities.map((entity) => entity.name)).toEqual(['Debian', 'Oslo'])
  expect(coMentions).toEqual([
    {
      sourceIndex: 0,
      targetIndex: 1,
      sentences: [
        { startOffset: 0, endOffset: 21 },
        { startOffset: 22, endOffset: 44 },
      ],
    },
  ])
  const list = `It is ${Array.from({ length: 13 }, (_, index) => `Name${index}`).join(' and ')}.`
  expect(extract(list).entities).toHaveLength(13)
  expect(extract(list).coMentions).toEqual([])
})

test('a block longer than one piece gives the same spans as its text says', () => {
  const text = 'It is a word by Debian in Oslo. '.repeat(2_000)
  const { entities } = extract(text)
  expect(entities.map((entity) => entity.mentions.length)).toEqual([2_000, 2_000])
  for (const entity of entities) {
    expect(new Set(entity.mentions.map(({ startOffset, endOffset }) => text.slice(startOffset, endOffset)))).toEqual(
      new Set([entity.name]),
    )
  }
})
