// A planning thread in which an operation named `Endless` is never planned, and one named `Greedy` takes all memory.
import { parentPort } from 'node:worker_threads'
import plan, { type PlanningBegins, type PlanningTask } from '../planning-thread-entry.ts'

export default function planOrNot(task: PlanningTask): string {
  if (task.request?.operationName === 'Endless') {
    parentPort?.postMessage({ begins: task.id } satisfies PlanningBegins)
    for (;;);
  }
  if (task.request?.operationName === 'Greedy')
    for (const kept: number[][] = []; ;) kept.push(Array.from({ length: 100_000 }, (_, index) => index))
  return plan(task)
}
