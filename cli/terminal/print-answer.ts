// Prints an answer while it streams, then what it rests on: each citation with its words, and whether the server has verified it.
import { ClientError, EXIT_STATUS, type ExitStatus } from '../client/client-error.ts'
import type { AnswerEvent, Citation } from '../client/shapes.ts'
import type { Output } from './output.ts'

const QUOTE_CHARACTERS = 300

/** The exit status that the answer deserves. Throws ClientError when it failed. */
export async function printAnswer(events: AsyncIterable<AnswerEvent>, output: Output): Promise<ExitStatus> {
  const citations: Citation[] = []
  let printed = ''
  for await (const event of events) {
    output.record(event)
    switch (event.__typename) {
      case 'AnswerStarted':
        break
      case 'AnswerDelta':
        printed += event.text
        output.write(event.text)
        break
      case 'AnswerCited':
        citations.push(event.citation)
        break
      case 'AnswerFailed':
        if (printed) output.line()
        throw new ClientError(event.code, event.message, EXIT_STATUS.failed)
      case 'AnswerCompleted': {
        const { answer } = event
        if (!printed && answer.text) output.write(answer.text)
        if (printed || answer.text) output.line()
        printCitations(citations, output)
        return conclude(event, output)
      }
    }
  }
  return EXIT_STATUS.failed
}

function conclude(event: AnswerEvent & { __typename: 'AnswerCompleted' }, output: Output): ExitStatus {
  const { answer } = event
  const { verdict, status } = answer
  if (status === 'CANCELLED') {
    output.line('The answer was cancelled.')
    return EXIT_STATUS.failed
  }
  switch (verdict) {
    case 'NOT_IN_DOCUMENTS':
      output.line(
        answer.text ? '(NOT_IN_DOCUMENTS)' : 'The documents do not hold an answer to this question (NOT_IN_DOCUMENTS).',
      )
      return EXIT_STATUS.notInDocuments
    case 'PARTIAL':
      output.line('The documents answer only a part of the question (PARTIAL).')
      return EXIT_STATUS.success
    case 'CONFLICTING':
      output.line('The documents contradict each other here (CONFLICTING).')
      return EXIT_STATUS.success
    case 'ANSWERED':
    case null:
      return EXIT_STATUS.success
  }
}

function printCitations(citations: readonly Citation[], output: Output): void {
  if (citations.length === 0) return
  output.line()
  for (const citation of citations) {
    const { marker, isVerified, document, span, quote } = citation
    const place = `${document?.title ?? 'a deleted document'}${span.page ? `, page ${span.page}` : ''}`
    output.line(`  [${marker}] ${isVerified ? '✓ verified' : '✗ NOT verified'} · ${place}`)
    output.line(`      “${oneLine(quote)}”`)
  }
}

function oneLine(quote: string): string {
  const text = quote.replace(/\s+/g, ' ').trim()
  return text.length > QUOTE_CHARACTERS ? `${text.slice(0, QUOTE_CHARACTERS)}…` : text
}
