// How long a store's own client library works within a call of the platform: its methods are replaced by ones that note when each of their promises
// is made and settled. What remains of the call is what the platform adds. Calls that are under way at once count once; while a method runs a
// callback of its caller (the work of a transaction), its time is the caller's.

export interface Span {
  startedAt: number
  /** Infinity while it lasts. */
  endedAt: number
}

export interface DriverCall {
  /** Of the method. */
  name: string
  spans: Span[]
  /** The same call once more, unobserved, with signals of its own. */
  repeat(): Promise<unknown>
}

export interface Measurement<Result> {
  result: Result
  totalMs: number
  calls: DriverCall[]
  /** Time in which none of these calls was under way; default all of them. */
  addedMs(isDrivers?: (call: DriverCall) => boolean): number
}

export interface DriverClock {
  /** Observes methods of an object or a prototype from now on. Objects that they return, or promise where that is asked for, are observed whole. */
  attach<Owner extends object>(
    owner: Owner,
    methods: readonly (keyof Owner & string)[],
    options?: { isPromisedObserved?: boolean },
  ): void
  /** One at a time. */
  measure<Result>(work: () => Promise<Result>): Promise<Measurement<Result>>
}

type Method = (...parameters: any[]) => unknown

export function createDriverClock(): DriverClock {
  let calls: DriverCall[] | null = null

  function observed<Target extends object>(object: Target): Target {
    return new Proxy(object, {
      get(target, key) {
        // Of the target itself, whose private fields a proxy does not have.
        const value: unknown = Reflect.get(target, key, target)
        if (typeof key === 'symbol') return value
        if (typeof value === 'function')
          return (...parameters: unknown[]) => call({ owner: target, method: value as Method, name: key, parameters })
        return isObject(value) ? observed(value) : value
      },
    })
  }

  function call(made: Made, isPromisedObserved = false): unknown {
    const spans: Span[] = []
    const begin = () => void spans.push({ startedAt: performance.now(), endedAt: Infinity })
    const end = () => void (spans.at(-1)!.endedAt = performance.now())
    const parameters = made.parameters.map((parameter) =>
      typeof parameter === 'function' ? interrupting(parameter as Method, { begin, end }) : parameter,
    )
    begin()
    const result = made.method.apply(made.owner, parameters)
    if (!isObject(result)) return result
    if (!('then' in result)) return Array.isArray(result) ? result : observed(result)
    calls?.push({ name: made.name, spans, repeat: () => repeat(made) })
    return Promise.resolve(result as PromiseLike<unknown>).then(
      (value) => {
        end()
        return isPromisedObserved && isObject(value) ? observed(value) : value
      },
      (error: unknown) => {
        end()
        throw error
      },
    )
  }

  /** The callback is given observed objects. */
  const interrupting =
    (callback: Method, { begin, end }: { begin(): void; end(): void }): Method =>
    async (...parameters) => {
      end()
      try {
        return await callback(
          ...parameters.map((parameter: unknown) => (isObject(parameter) ? observed(parameter) : parameter)),
        )
      } finally {
        begin()
      }
    }

  return {
    attach(owner, methods, { isPromisedObserved = false } = {}) {
      for (const name of methods) {
        const method = owner[name] as Method
        const replacement = function (this: object, ...parameters: unknown[]) {
          return call({ owner: this, method, name, parameters }, isPromisedObserved)
        }
        Object.assign(owner, { [name]: replacement })
      }
    },

    async measure(work) {
      const made: DriverCall[] = (calls = [])
      const startedAt = performance.now()
      const result = await work()
      const endedAt = performance.now()
      calls = null
      const totalMs = endedAt - startedAt
      return {
        result,
        totalMs,
        calls: made,
        addedMs: (isDrivers = () => true) =>
          totalMs -
          coveredMs(
            made.filter(isDrivers).flatMap(({ spans }) => spans),
            endedAt,
          ),
      }
    },
  }
}

/** What an operation asked of its driver, asked again: what was asked at once, at once. */
export async function repeatCalls(calls: readonly DriverCall[]): Promise<void> {
  const inOrder = calls.toSorted((a, b) => startOf(a) - startOf(b))
  for (let from = 0; from < inOrder.length;) {
    let [next, endedAt] = [from, Infinity]
    while (next < inOrder.length && startOf(inOrder[next]!) < endedAt) {
      endedAt = Math.min(endedAt, inOrder[next]!.spans.at(-1)!.endedAt)
      next += 1
    }
    await Promise.all(inOrder.slice(from, next).map((each) => each.repeat()))
    from = next
  }
}

interface Made {
  owner: object
  method: Method
  name: string
  parameters: unknown[]
}

/** Those of the call that it was are aborted by now, or will be. */
const repeat = async ({ owner, method, parameters }: Made): Promise<unknown> =>
  method.apply(
    owner,
    parameters.map((parameter) => {
      if (!isObject(parameter) || !('signal' in parameter || 'abortSignal' in parameter)) return parameter
      const { signal: _signal, abortSignal: _abortSignal, ...rest } = parameter as Record<string, unknown>
      return rest
    }),
  )

const startOf = ({ spans }: DriverCall): number => spans[0]!.startedAt

function coveredMs(spans: readonly Span[], until: number): number {
  let [covered, reached] = [0, -Infinity]
  for (const { startedAt, endedAt } of spans.toSorted((a, b) => a.startedAt - b.startedAt)) {
    const end = Math.min(endedAt, until)
    if (end <= reached) continue
    covered += end - Math.max(startedAt, reached)
    reached = end
  }
  return covered
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
