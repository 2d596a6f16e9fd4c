import { startStandalone } from '../harness/standalone.ts'
import { operationsStory } from './stories/operations.ts'

operationsStory('one process', () => startStandalone())
