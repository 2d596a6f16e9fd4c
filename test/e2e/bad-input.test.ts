import { startStandalone } from '../harness/standalone.ts'
import { badInputStory } from './stories/bad-input.ts'

badInputStory('one process', () => startStandalone())
