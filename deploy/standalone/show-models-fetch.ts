// Shows the embedded models being fetched, when that takes time at all, and says what could not be had.
import type { Output } from '../../cli/terminal/output.ts'
import { createProgress } from '../../cli/terminal/progress.ts'
import type { ModelsFetch } from './fetch-models.ts'

const megabytes = (bytes: number) => (bytes / 1_000_000).toFixed(0)

export async function showModelsFetch(models: ModelsFetch, output: Output, signal: AbortSignal): Promise<void> {
  const bar = createProgress(output, (done, total) => `${megabytes(done)}/${megabytes(total)} MB`)
  let shown = ''
  models.watch(({ modelName, phase, completedBytes, totalBytes }) => {
    const step = `${modelName} ${phase}`
    if (phase === 'ready') bar.line(`  ✓ model ${modelName}`)
    else bar.update(completedBytes, totalBytes, `model ${modelName}: ${phase}`)
    if (step === shown) return
    shown = step
    output.record({ event: 'model', modelName, phase, totalBytes })
    if (!output.isInteractive && phase !== 'ready')
      output.line(`  model ${modelName}: ${phase} (${megabytes(totalBytes)} MB)`)
  })
  const ended = new Promise<null>((resolve) => {
    if (signal.aborted) resolve(null)
    signal.addEventListener('abort', () => resolve(null), { once: true })
  })
  const result = await Promise.race([models.finished, ended]).finally(() => bar.stop())
  for (const { name, message } of result?.missing ?? []) {
    output.record({ event: 'model-missing', modelName: name, message })
    output.note(message)
  }
}
