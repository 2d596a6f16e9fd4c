// Operations over the catalogue that nobody has sent before: no text, name or shape of an answer comes twice, so that whatever is kept by one of them is
// never of use again.
import { createHash } from 'node:crypto'

const PERSON = ['id', 'username', 'name']
const WARE = ['upc', 'name', 'price', 'weight', 'inStock', 'shippingEstimate']
const OPINION = ['id', 'body']
/** Texts weigh as much as what is made of them, so that the store of texts is full as soon as the others are. */
const COMMENT = `# ${'Nobody reads this. '.repeat(200)}`

/** The body of the request for the operation of this number; the gateway is to keep its text by its hash, too. Its answer begins with `users`. */
export function distinctRequest(number: number): string {
  const query = distinctOperation(number)
  const sha256Hash = createHash('sha256').update(query).digest('hex')
  return JSON.stringify({ query, extensions: { persistedQuery: { version: 1, sha256Hash } } })
}

function distinctOperation(number: number): string {
  const some = (fields: readonly string[], shift: number): string =>
    fields.filter((_, index) => index === 0 || ((number >> (shift + index)) & 1) === 1).join(' ')
  const alias = (name: string): string => `${name}${number}`
  return `${COMMENT}
  query Distinct${number} {
    users {
      ${some(PERSON, 0)}
      ${alias('written')}: reviews {
        ${some(OPINION, 3)}
        ${alias('of')}: product { ${some(WARE, 4)} reviews { ${some(OPINION, 9)} author { ${some(PERSON, 10)} } } }
      }
    }
    ${alias('best')}: topProducts { ${alias('called')}: name ${some(WARE, 6)} reviews { ${alias('by')}: author { ${some(PERSON, 12)} } } }
  }`
}
