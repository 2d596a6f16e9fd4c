import { startStandalone } from '../harness/standalone.ts'
import { mainJobStory } from './stories/main-job.ts'

mainJobStory('one process', () => startStandalone())
