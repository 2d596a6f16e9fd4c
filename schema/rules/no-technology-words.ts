// Law: the contract outlives the technology behind it. Enum values are free: there, users choose between products by name.

import type { Rule } from './rule.ts'
import { inputValues, namedTypes, outputFields } from './walk.ts'

const technologyWords =
  /(lance ?db|qdrant|weaviate|chroma|pinecone|neo4j|cypher|sparql|arango|postgres|pglite|sqlite|mongo|mysql|redis|kafka|pgboss|drizzle|ollama|llama|openai|anthropic|gemini|azure|onnx|graphql|apollo)/i

export const noTechnologyWords: Rule = {
  name: 'no-technology-words',
  law: 'No type, field or argument is named after a product or protocol.',
  check: ({ api }) =>
    [
      ...namedTypes(api).map(({ name }) => ({ coordinate: name, name })),
      ...outputFields(api).map(({ coordinate, field }) => ({ coordinate, name: field.name })),
      ...inputValues(api).map(({ coordinate, value }) => ({ coordinate, name: value.name })),
    ].flatMap(({ coordinate, name }) => {
      const word = technologyWords.exec(name)?.[0]
      return word === undefined
        ? []
        : [{ coordinate, message: `names the technology "${word}"; use a word of the domain` }]
    }),
}
