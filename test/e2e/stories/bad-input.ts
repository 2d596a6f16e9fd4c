// Bad input and bad days as a client meets them: each ends as a user error or a catalogued code that names the field and what to do, and
// whatever was right beside it goes on.
import { afterAll, beforeAll, describe, vi } from 'vitest'
import { STORY_TIMEOUTS, type PlatformUnderTest } from '../../harness/platform-under-test.ts'
import { badCredentialsStory } from './bad-input/credentials.ts'
import { badFilesStory } from './bad-input/files.ts'
import { badIdsStory } from './bad-input/ids.ts'
import { badQuestionsStory } from './bad-input/questions.ts'
import { openBadInputWorld, type BadInputWorld } from './bad-input/world.ts'

export function badInputStory(profile: string, start: () => Promise<PlatformUnderTest>): void {
  vi.setConfig(STORY_TIMEOUTS)
  describe(`bad input and bad days, ${profile}`, () => {
    // Filled before the first test, so that the stories can be told before there is a platform.
    const world = {} as BadInputWorld
    beforeAll(async () => {
      const platform = await start()
      Object.assign(world, { platform })
      Object.assign(world, await openBadInputWorld(platform))
    })
    afterAll(() => world.platform?.close())

    badFilesStory(world)
    badIdsStory(world)
    badQuestionsStory(world)
    badCredentialsStory(world)
  })
}
