// Some embedding models were trained with a word before each text that says what the text is for; without it they retrieve worse.

export type EmbeddingPurpose = 'query' | 'document'

/** By the beginning of the model's name, without a registry's namespace. Sources: the models' own cards. */
const PREFIXES: readonly (readonly [name: RegExp, query: string, document: string])[] = [
  [/^nomic-embed-text/, 'search_query: ', 'search_document: '],
  [/^(mxbai-embed|snowflake-arctic-embed)/, 'Represent this sentence for searching relevant passages: ', ''],
  [/^(multilingual-)?e5-/, 'query: ', 'passage: '],
  [/^bge-(small|base|large)-en/, 'Represent this sentence for searching relevant passages: ', ''],
]

/** The text as the model wants it. */
export function withPurpose(modelName: string, purpose: EmbeddingPurpose, text: string): string {
  const name = modelName.slice(modelName.lastIndexOf('/') + 1).toLowerCase()
  const found = PREFIXES.find(([pattern]) => pattern.test(name))
  if (found === undefined) return text
  return (purpose === 'query' ? found[1] : found[2]) + text
}
