import { afterEach, expect, test, vi } from 'vitest'
import { finishGenerator, readRepositoryFile } from './generated-files.ts'

afterEach(() => vi.restoreAllMocks())

test('checking stale files fails, names them and says what to run', () => {
  const complain = vi.spyOn(console, 'error').mockReturnValue()
  const stale = { path: 'schema/api.graphql', content: 'other' }
  expect(finishGenerator([stale], true, 'npm run schema')).toBe(1)
  expect(complain).toHaveBeenCalledWith('Not fresh: schema/api.graphql. Run: npm run schema')
})

test('checking fresh files succeeds silently', () => {
  const complain = vi.spyOn(console, 'error').mockReturnValue()
  const fresh = { path: 'schema/api.graphql', content: readRepositoryFile('schema/api.graphql') ?? '' }
  expect(finishGenerator([fresh], true, 'npm run schema')).toBe(0)
  expect(complain).not.toHaveBeenCalled()
})
