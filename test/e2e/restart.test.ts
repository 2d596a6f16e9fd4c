import { startStandalone } from '../harness/standalone.ts'
import { restartStory } from './stories/restart.ts'

restartStory('one process over embedded stores', startStandalone)
