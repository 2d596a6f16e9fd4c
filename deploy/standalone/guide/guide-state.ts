// What is remembered of the guide between starts, so that only what changed is ingested again and the question is asked once.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { writeWhole } from '../data-directory.ts'

export interface GuideState {
  knowledgeBaseId: string
  /** By path inside the project: what was ingested, and the document it became. */
  files: Record<string, { sha256: string; documentId: string | null }>
  isAsked: boolean
}

const fileOf = (dataDirectory: string) => path.join(dataDirectory, 'guide.json')

export async function readGuideState(dataDirectory: string): Promise<GuideState | null> {
  try {
    return JSON.parse(await readFile(fileOf(dataDirectory), 'utf8')) as GuideState
  } catch {
    return null
  }
}

export const writeGuideState = (dataDirectory: string, state: GuideState): Promise<void> =>
  writeWhole(fileOf(dataDirectory), JSON.stringify(state))
