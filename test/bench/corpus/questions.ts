// Questions to the corpus, drawn with a seed: a topic is a heading of the manuals, a detail the rarest words of a sentence below it. Their
// answers are not judged here; they must only be as long and as specific as what people ask.
import seedrandom from 'seedrandom'
import { readCorpus } from './contents.ts'
import { CORPUS_CHUNKS } from './cache.ts'

const TEMPLATES = [
  (topic: string, detail: string) => `What does ${topic} do with ${detail}?`,
  (topic: string, detail: string) => `How is ${detail} set for ${topic}?`,
  (topic: string, detail: string) => `When does ${topic} need ${detail}?`,
  (topic: string, detail: string) => `Which value of ${detail} does ${topic} use by default?`,
  (topic: string, _detail: string) => `What is ${topic}?`,
  (topic: string, detail: string) => `Why would ${detail} fail in ${topic}, and what should be done about it?`,
]

export async function corpusQuestions(count: number): Promise<string[]> {
  const random = seedrandom('questions of the corpus')
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!
  const corpus = await readCorpus({ minimumChunks: CORPUS_CHUNKS })
  const questions = new Set<string>()
  while (questions.size < count) {
    const { content } = pick(corpus)
    const headings = content.blocks.filter(({ kind }) => kind === 'heading')
    const paragraphs = content.blocks.filter(({ kind }) => kind === 'paragraph')
    if (headings.length === 0 || paragraphs.length === 0) continue
    const heading = pick(headings)
    const paragraph = pick(paragraphs)
    const topic = topicOf(content.text.slice(heading.startOffset, heading.endOffset))
    const detail = detailOf(content.text.slice(paragraph.startOffset, paragraph.endOffset))
    // "Description" and "Notes" stand on every page, and nobody asks for them.
    if (!/[ _]/u.test(topic) || detail === '') continue
    questions.add(pick(TEMPLATES)(topic, detail))
  }
  return [...questions]
}

/** A heading without its number and marks. */
const topicOf = (heading: string): string =>
  heading
    .replace(/^((Chapter|Part|Appendix) [\dA-Z]+\.|[\d.A-Z]*\d\.?)\s+/u, '')
    .replaceAll(/[^\p{L}\p{N}_ ().-]+/gu, ' ')
    .replaceAll(/\s+/gu, ' ')
    .trim()
    .split(' ')
    .slice(0, 6)
    .join(' ')

/** Two neighbouring long words of the first sentence. */
function detailOf(paragraph: string): string {
  const words = paragraph.split(/[.!?]\s/u, 1)[0]!.match(/[\p{L}_]{5,}/gu) ?? []
  return words.slice(1, 3).join(' ')
}
