// What knowledge brings along when a workspace moves: knowledge bases, documents, chunks with what the vector store holds of them, answers with
// their sources and citations. Vectors of a document that is not finished stay behind: they are computed again when it is tried again.
import { eq } from 'drizzle-orm'
import { fileURLToPath } from 'node:url'
import { readConfiguration } from '#shared/configuration.ts'
import { countRows, fingerprintRows } from '#shared/database-rows.ts'
import { modelIdElsewhere } from '../../contracts/model-ids.ts'
import { tableKind } from '../../contracts/table-kind.ts'
import { amount, type SubgraphTransfer, type TransferPlatform } from '../../contracts/workspace-archive.ts'
import { openVectorStore } from './adapters/open-vector-store.ts'
import { workerConfigSchema } from './config.ts'
import {
  answerCitationTable,
  answerSourceTable,
  answerTable,
  chunkTable,
  documentTable,
  knowledgeBaseTable,
} from './tables.ts'
import { answersKind } from './transfer-answers.ts'
import { chunksKind } from './transfer-chunks.ts'
import { documentsKind } from './transfer-documents.ts'

export async function openKnowledgeTransfer(platform: TransferPlatform): Promise<SubgraphTransfer> {
  const { database, dataDirectory, environment, isImport, onError } = platform
  await database.migrate({ schema: 'knowledge', folder: fileURLToPath(new URL('./migrations', import.meta.url)) })
  const settings = readConfiguration(workerConfigSchema, environment)
  const vectorStore = await openVectorStore({ settings, dataDirectory, isWriter: isImport, onError })
  return {
    subgraph: 'knowledge',
    kinds: [
      tableKind({
        kind: 'knowledge-bases',
        database: database.sql,
        table: knowledgeBaseTable,
        key: [knowledgeBaseTable.id],
        relocate: (row, target) =>
          row.embeddingModelId === null || row.embeddingModelName === null
            ? row
            : { ...row, embeddingModelId: modelIdElsewhere(row.embeddingModelId, row.embeddingModelName, target) },
      }),
      // Before their documents, so that no document is READY before it can be found.
      chunksKind({ database: database.sql, vectorStore }),
      documentsKind({ database: database.sql, vectorStore }),
      answersKind({ database: database.sql }),
    ],
    unfinished: async (workspaceId) =>
      amount(
        await countRows(database.sql, answerTable, workspaceId, eq(answerTable.status, 'RUNNING')),
        'running answer',
      ),
    contents: async (workspaceId) => [
      ...amount(await countRows(database.sql, knowledgeBaseTable, workspaceId), 'knowledge base'),
      ...amount(await countRows(database.sql, answerTable, workspaceId), 'answer'),
    ],
    fingerprint: (workspaceId) =>
      fingerprintRows(database.sql, workspaceId, [
        knowledgeBaseTable,
        documentTable,
        chunkTable,
        answerTable,
        answerSourceTable,
        answerCitationTable,
      ]),
    close: () => vectorStore.close(),
  }
}
