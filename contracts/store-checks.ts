// The doctor's checks of a store behind an address. It is opened once for all of them, within a time limit of its own and with none of their signals, for a
// check that ends must not take it from the others. Opening has stages: what fails at one is said there, and all that comes behind is skipped.
import { TributaryError } from '#shared/errors.ts'
import { failed, ok, skipped, type Check, type Finding } from './doctor.ts'

const OPEN_TIMEOUT_MS = 6_000

/** What is done with one store; loaded with its driver when the checks run. */
export interface StoreExamination<Store, Name extends string> {
  /** The signal aborts when it takes too long. */
  open(signal: AbortSignal): Promise<Store>
  /** At which stage opening failed, and what is said of it. */
  explain(error: unknown): { stage: string; finding: Finding }
  close(store: Store): Promise<void> | void
  looks: Record<Name, (store: Store, signal: AbortSignal) => Finding | Promise<Finding>>
}

export interface StoreChecksOptions<Store, Name extends string> {
  subject: string
  /** Checks that are well when the store could be opened, in the order in which opening meets them, and what they say then. */
  stages: Record<'reachable', string> & Record<string, string>
  /** What is looked at in an open store. */
  looks: readonly Name[]
  load(): Promise<StoreExamination<Store, Name>>
}

export function storeChecks<Store, Name extends string>(options: StoreChecksOptions<Store, Name>): Check[] {
  const { subject, stages, looks, load } = options
  const stageNames = Object.keys(stages)
  type Opened = { examination: StoreExamination<Store, Name>; durationMs: number } & (
    { store: Store } | { failure: { stage: string; finding: Finding } }
  )

  async function open(): Promise<Opened> {
    const examination = await load()
    const startedAt = performance.now()
    const since = () => Math.round(performance.now() - startedAt)
    try {
      const store = await examination.open(AbortSignal.timeout(OPEN_TIMEOUT_MS))
      return { examination, store, durationMs: since() }
    } catch (error) {
      return { examination, failure: examination.explain(error), durationMs: since() }
    }
  }

  let opening: Promise<Opened> | null = null
  let unfinished = stageNames.length + looks.length
  const check = (name: string, run: (opened: Opened, signal: AbortSignal) => Finding | Promise<Finding>): Check => ({
    subject,
    name,
    async run(signal) {
      const opened = await (opening ??= open())
      try {
        return await run(opened, signal)
      } finally {
        unfinished -= 1
        if (unfinished === 0 && 'store' in opened) await opened.examination.close(opened.store)
      }
    },
  })

  function stageFinding(name: string, opened: Opened): Finding {
    const said = stages[name]!
    const isFirst = name === stageNames[0]
    if ('store' in opened) return ok(isFirst ? `${said}, in ${opened.durationMs} ms` : said)
    const { stage, finding } = opened.failure
    if (name === stage) return finding
    if (stageNames.indexOf(name) > stageNames.indexOf(stage)) return unusable
    return ok(isFirst ? `${said} answers` : said)
  }

  return [
    ...stageNames.map((name) => check(name, (opened) => stageFinding(name, opened))),
    ...looks.map((name) =>
      check(name, (opened, signal) =>
        'store' in opened ? opened.examination.looks[name](opened.store, signal) : unusable,
      ),
    ),
  ]
}

const unusable = skipped('it cannot be used')

/** What an adapter says of a mistake: what follows its first sentence, if anything does, is the remedy. */
export function failedBy({ message }: Error, remedy: string): Finding {
  const end = message.search(/\. (?=\S)/)
  return end < 0 ? failed(message.replace(/\.$/, ''), remedy) : failed(message.slice(0, end), message.slice(end + 2))
}

/** What is at the bottom of an error, for people: adapters wrap what a driver throws, and drivers what the system says. */
export function deepestReason(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return deepestReason(error.errors[0])
  if (error instanceof Error && error.cause instanceof Error) return deepestReason(error.cause)
  if (error instanceof Error && error.name === 'TimeoutError') return 'no answer in time'
  return error instanceof Error ? error.message : String(error)
}

export const isMisconfigured = (error: unknown): error is TributaryError =>
  error instanceof TributaryError && error.code === 'CONFIGURATION_INVALID'
