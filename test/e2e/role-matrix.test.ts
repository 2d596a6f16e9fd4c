import { startInProcess } from '../harness/in-process.ts'
import { roleMatrixStory } from './stories/role-matrix.ts'

roleMatrixStory('all roles in one process', async () => {
  const running = await startInProcess()
  return { ...running, signer: running.platform.signer }
})
