// A document as traces may show it: what it asks, with `?` in place of every value that was written into it, for those are a person's data.
import { Kind, print, visit, type ASTNode, type DocumentNode } from 'graphql'

const texts = new WeakMap<DocumentNode, string>()

/** Longer ones are of no use in a trace, in characters. */
const MAX_CHARACTERS = 8192

const MASK: ASTNode = { kind: Kind.ENUM, value: '?' }
const masked = () => MASK

/** Null for one that is too long. */
export function maskedDocument(document: DocumentNode): string | null {
  let text = texts.get(document)
  if (text === undefined) {
    text = print(
      visit(document, {
        [Kind.STRING]: masked,
        [Kind.INT]: masked,
        [Kind.FLOAT]: masked,
        [Kind.BOOLEAN]: masked,
        [Kind.ENUM]: masked,
        // Whole: how many there are, and which, is the client's too.
        [Kind.LIST]: masked,
        [Kind.OBJECT]: masked,
      }),
    )
    texts.set(document, text)
  }
  return text.length <= MAX_CHARACTERS ? text : null
}
