import { expect, test } from 'vitest'
import { generateAllTypes, generateTypes } from './codegen.ts'
import { findStaleFiles } from './generated-files.ts'
import { readSubgraphSource, readSubgraphSources } from './sources.ts'

test('the committed resolver types are what the schema and the mappers give now', async () => {
  expect(findStaleFiles(await generateAllTypes(readSubgraphSources()))).toEqual([])
})

test('an entity of another subgraph is a reference, also where fields are added to it', async () => {
  const { content } = await generateTypes(readSubgraphSource('ingestion'), null)
  expect(content).toContain("Document: ResolverTypeWrapper<{ __typename?: 'Document'; id: string }>")
  expect(content).toContain("KnowledgeBase: ResolverTypeWrapper<{ __typename?: 'KnowledgeBase'; id: string }>")
})

test('a mapper is the parent of its type, wherever that type stands', async () => {
  const mappers = `import type { Job } from './domain/job.ts'
export type IngestionJobMapper = Job
export interface UploadMapper { id: string }
type IngestionItemMapper = never`
  const { content } = await generateTypes(readSubgraphSource('ingestion'), mappers)
  expect(content).toContain("import type { IngestionJobMapper, UploadMapper } from './mappers.ts'")
  expect(content).toContain('IngestionJob: ResolverTypeWrapper<IngestionJobMapper>')
  expect(content).toMatch(
    /IngestionJobEdge: ResolverTypeWrapper<\s*Omit<IngestionJobEdge, 'node'> & \{ node: ResolversTypes\['IngestionJob'\] \}/,
  )
  expect(content).not.toContain('IngestionItemMapper')
})

test('members of an interface carry their type name', async () => {
  const { content } = await generateTypes(readSubgraphSource('knowledge'), null)
  expect(content).toMatch(/AnswerEvent:[\s\S]{0,400}& \{ __typename: 'AnswerDelta' \}/)
})
