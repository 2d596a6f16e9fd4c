// Whether a page of another origin could have had a browser send this request without asking first. One that asks with credentials of its own, or in a way
// that no page can without being allowed, is none; of the others, Origin and Sec-Fetch-Site say where it comes from.
import type { IncomingHttpHeaders } from 'node:http'

/** Types of bodies that pages may send anywhere: https://fetch.spec.whatwg.org/#cors-safelisted-request-header. */
const SIMPLE_TYPES = ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain']
/** As Apollo Server has it (`csrfPrevention`), and the header of a credential. */
const TELLING_HEADERS = ['authorization', 'x-apollo-operation-name', 'apollo-require-preflight']

export function mayBeForged(headers: IncomingHttpHeaders, allowedOrigins: readonly string[]): boolean {
  const contentType = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  if (contentType && !SIMPLE_TYPES.includes(contentType)) return false
  if (TELLING_HEADERS.some((name) => headers[name])) return false
  const site = headers['sec-fetch-site']
  if (site === 'same-origin' || site === 'none') return false
  return !(headers.origin !== undefined && allowedOrigins.includes(headers.origin))
}
