// The doctor's checks of a store behind an address. It is opened once for all of them, and with none of their signals, for a check that ends must not
// take it from the others. Opening has stages: what fails at one is said there, and all that comes behind is skipped.
// One deadline counts for all that a store is asked, from when its driver is loaded: one that is silent is found out once and not request by request.
import { untilAborted } from '#shared/abortable.ts'
import { TributaryError } from '#shared/errors.ts'
import { acceptsConnections, type Listener } from './accepts-connections.ts'
import { failed, ok, skipped, type Check, type Finding } from './doctor.ts'

const ANSWER_TIMEOUT_MS = 5_000
/** A store that is silent may not even be closed. */
const CLOSE_TIMEOUT_MS = 1_000

/** What is done with one store; loaded with its driver when the checks run. */
export interface StoreExamination<Store, Name extends string> {
  /** The signal is the deadline. */
  open(signal: AbortSignal): Promise<Store>
  /** At which stage opening failed, and what is said of it. */
  explain(error: unknown): { stage: string; finding: Finding }
  close(store: Store): Promise<void> | void
  /** Their signal aborts at the deadline, too. What they ask of others does not count. */
  looks: Record<Name, (store: Store, signal: AbortSignal) => Finding | Promise<Finding>>
}

export interface StoreChecksOptions<Store, Name extends string> {
  subject: string
  /** Where it listens: whether anybody accepts connections there tells one that is silent from one that is away. Null when not known. */
  listener: Listener | null
  /** Longest time in which it has to have answered everything, in milliseconds. Default 5,000. */
  answerTimeoutMs?: number
  /** Checks that are well when the store could be opened, in the order in which opening meets them, and what they say then. */
  stages: Record<'reachable', string> & Record<string, string>
  /** What is looked at in an open store. */
  looks: readonly Name[]
  load(): Promise<StoreExamination<Store, Name>>
}

export function storeChecks<Store, Name extends string>(options: StoreChecksOptions<Store, Name>): Check[] {
  const { subject, listener, answerTimeoutMs = ANSWER_TIMEOUT_MS, stages, looks, load } = options
  const stageNames = Object.keys(stages)
  type Opened = { examination: StoreExamination<Store, Name>; deadline: AbortSignal; durationMs: number } & (
    { store: Store } | { failure: { stage: string; finding: Finding } }
  )

  async function open(): Promise<Opened> {
    const examination = await load()
    const deadline = AbortSignal.timeout(answerTimeoutMs)
    const startedAt = performance.now()
    const since = () => Math.round(performance.now() - startedAt)
    const opening = examination.open(deadline)
    try {
      const store = await untilAborted(() => opening, deadline)
      return { examination, deadline, store, durationMs: since() }
    } catch (error) {
      const durationMs = Math.min(since(), answerTimeoutMs)
      // Drivers that know no signal open it later.
      opening.then((store) => examination.close(store)).catch(() => undefined)
      return { examination, deadline, failure: await explain(examination, error, durationMs), durationMs }
    }
  }

  async function explain({ explain: explained }: StoreExamination<Store, Name>, error: unknown, durationMs: number) {
    const { stage, finding } = explained(error)
    const isSilent =
      stage === stageNames[0] && saysNoAnswer(error) && listener !== null && (await acceptsConnections(listener))
    if (!isSilent) return { stage, finding }
    const message = `${stages.reachable}: it accepted the connection but did not answer within ${inSeconds(durationMs)} s`
    return { stage, finding: { ...finding, message } }
  }

  async function look(name: Name, opened: Opened & { store: Store }, signal: AbortSignal): Promise<Finding> {
    const { examination, deadline, store } = opened
    try {
      return await examination.looks[name](store, AbortSignal.any([signal, deadline]))
    } catch (error) {
      if (!deadline.aborted) throw error
      return failed(
        `it was opened, and then did not answer within ${inSeconds(answerTimeoutMs)} s`,
        `See whether ${subject} is overloaded, and what its log says.`,
      )
    }
  }

  async function close({ examination, store }: Opened & { store: Store }): Promise<void> {
    const limit = AbortSignal.timeout(CLOSE_TIMEOUT_MS)
    try {
      await untilAborted(async () => examination.close(store), limit)
    } catch (error) {
      if (!limit.aborted) throw error
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
        if (unfinished === 0 && 'store' in opened) await close(opened)
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
      check(name, (opened, signal) => ('store' in opened ? look(name, opened, signal) : unusable)),
    ),
  ]
}

const unusable = skipped('it cannot be used')

/** What an adapter says of a mistake: what follows its first sentence, if anything does, is the remedy. */
export function failedBy({ message }: Error, remedy: string): Finding {
  const end = message.search(/\. (?=\S)/)
  return end < 0 ? failed(message.replace(/\.$/, ''), remedy) : failed(message.slice(0, end), message.slice(end + 2))
}

/** Drivers have limits of their own, some shorter than the deadline. */
const saysNoAnswer = (error: unknown): boolean => /no answer|timed? ?out/i.test(deepestReason(error))

const inSeconds = (durationMs: number): number =>
  durationMs < 1_000 ? durationMs / 1_000 : Math.round(durationMs / 1_000)

/** What is at the bottom of an error, for people: adapters wrap what a driver throws, and drivers what the system says. */
export function deepestReason(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return deepestReason(error.errors[0])
  if (error instanceof Error && error.cause instanceof Error) return deepestReason(error.cause)
  if (error instanceof Error && error.name === 'TimeoutError') return 'no answer in time'
  return error instanceof Error ? error.message : String(error)
}

export const isMisconfigured = (error: unknown): error is TributaryError =>
  error instanceof TributaryError && error.code === 'CONFIGURATION_INVALID'
