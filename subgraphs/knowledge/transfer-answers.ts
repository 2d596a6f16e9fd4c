// Answers on their way between installations: each with the sources it was held against and its citations, as one record.
import { and, asc, eq, inArray } from 'drizzle-orm'
import { z } from 'zod'
import { countRows, readRows, rowCodec, upsertRows } from '#shared/database-rows.ts'
import type { SqlExecutor } from '#shared/database.ts'
import { modelIdElsewhere } from '../../contracts/model-ids.ts'
import type { ImportTarget, TransferredKind } from '../../contracts/workspace-archive.ts'
import { answerCitationTable, answerSourceTable, answerTable, type AnswerRow } from './tables.ts'

/** An answer has some dozens of sources of a few thousand characters. */
const PAGE_ROWS = 50

const recordSchema = z.strictObject({
  answer: z.unknown(),
  sources: z.array(z.unknown()),
  citations: z.array(z.unknown()),
})

export function answersKind(options: { database: SqlExecutor }): TransferredKind {
  const { database } = options
  const codecs = {
    answer: rowCodec(answerTable),
    source: rowCodec(answerSourceTable),
    citation: rowCodec(answerCitationTable),
  }

  async function partsOf(workspaceId: string, answerIds: string[]) {
    const sources = await database
      .select()
      .from(answerSourceTable)
      .where(and(eq(answerSourceTable.workspaceId, workspaceId), inArray(answerSourceTable.answerId, answerIds)))
      .orderBy(asc(answerSourceTable.marker))
    const citations = await database
      .select()
      .from(answerCitationTable)
      .where(and(eq(answerCitationTable.workspaceId, workspaceId), inArray(answerCitationTable.answerId, answerIds)))
      .orderBy(asc(answerCitationTable.ordinal))
    return {
      sources: Map.groupBy(sources, ({ answerId }) => answerId),
      citations: Map.groupBy(citations, ({ answerId }) => answerId),
    }
  }

  return {
    kind: 'answers',
    count: (workspaceId) => countRows(database, answerTable, workspaceId),

    async *read(workspaceId, { after, signal }) {
      const rows = readRows(database, { table: answerTable, workspaceId, key: [answerTable.id], after })
      for await (const page of inPages(rows, PAGE_ROWS)) {
        signal.throwIfAborted()
        const { sources, citations } = await partsOf(
          workspaceId,
          page.map(({ row }) => row.id),
        )
        for (const { row, position } of page) {
          const record: z.input<typeof recordSchema> = {
            answer: codecs.answer.toRecord(row),
            sources: (sources.get(row.id) ?? []).map((source) => codecs.source.toRecord(source)),
            citations: (citations.get(row.id) ?? []).map((citation) => codecs.citation.toRecord(citation)),
          }
          yield { position, record }
        }
      }
    },

    async write(target, records) {
      const { workspaceId } = target
      const parsed = records.map((record) => recordSchema.parse(record))
      const answers = parsed.map(({ answer }) => relocate(codecs.answer.fromRecord(workspaceId, answer), target))
      const sources = parsed.flatMap((one) => one.sources).map((one) => codecs.source.fromRecord(workspaceId, one))
      const citations = parsed.flatMap((one) => one.citations)
      const citationRows = citations.map((one) => codecs.citation.fromRecord(workspaceId, one))
      await database.transaction(async (transaction) => {
        await upsertRows(transaction, answerTable, answers)
        await upsertRows(transaction, answerSourceTable, sources)
        await upsertRows(transaction, answerCitationTable, citationRows)
      })
    },
  }
}

function relocate(answer: AnswerRow, target: ImportTarget): AnswerRow {
  const { modelId, writerName } = answer
  return modelId === null || writerName === null
    ? answer
    : { ...answer, modelId: modelIdElsewhere(modelId, writerName, target) }
}

async function* inPages<Item>(items: AsyncIterable<Item>, size: number): AsyncGenerator<Item[]> {
  let page: Item[] = []
  for await (const item of items) {
    page.push(item)
    if (page.length < size) continue
    yield page
    page = []
  }
  if (page.length > 0) yield page
}
