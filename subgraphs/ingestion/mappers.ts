// What the resolvers of ingestion are given as parent: rows.
import type { ItemRow, JobRow, UploadRow } from './tables.ts'

export type UploadMapper = UploadRow
export type IngestionJobMapper = JobRow
export type IngestionItemMapper = ItemRow
