// Makes the vectors of the corpus ahead of time: `node test/bench/corpus/embed-corpus.ts`. May be stopped and started again at any time.
import { CORPUS_CHUNKS } from './cache.ts'
import { readCorpus } from './contents.ts'
import { openVectorCache } from './vector-cache.ts'

const corpus = await readCorpus({ minimumChunks: CORPUS_CHUNKS })
const texts = corpus.flatMap(({ indexTexts }) => indexTexts)
console.log(`${corpus.length} documents, ${texts.length} chunks`)
await using vectors = await openVectorCache()
await vectors.embed(texts, (done, total) => {
  if (done % 1024 === 0 || done === total) console.log(`${done} of ${total} embedded`)
})
