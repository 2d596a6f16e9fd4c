import { startInProcess } from '../harness/in-process.ts'
import { sixSubgraphsStory } from './stories/six-subgraphs.ts'

sixSubgraphsStory('PGlite', async () => {
  const running = await startInProcess()
  const { platform } = running
  return {
    ...running,
    signer: platform.signer,
    async statementsOf(work) {
      const before = platform.statements.length
      await work()
      return platform.statements.slice(before)
    },
  }
})
