// What every ChatModel promises, asked of each adapter with a real model behind it. Any instruction-following model passes, however small.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ChatEvent, ChatModel, ChatRequest } from './chat-model.ts'

export interface ChatModelUnderTest {
  model: ChatModel
  dispose(): Promise<void>
}

export interface ChatModelContractOptions {
  /** Opens the model; once for the whole suite. */
  open(): Promise<ChatModelUnderTest>
  /** Cases the adapter cannot pass, by name, each with its reason. Default: none. */
  skip?: Record<string, string>
  /** Longest time from an abort to the end of the iterator, in milliseconds. Default 1,500. */
  abortWithinMs?: number
}

interface Outcome {
  deltas: string[]
  text: string
  finished: Extract<ChatEvent, { kind: 'finished' }> | null
}

/** Reads a generation to its end; the order of events is checked on the way. */
async function read(events: AsyncIterable<ChatEvent>): Promise<Outcome> {
  const deltas: string[] = []
  let finished: Outcome['finished'] = null
  for await (const event of events) {
    expect(finished, 'nothing follows the finished event').toBeNull()
    if (event.kind === 'finished') finished = event
    else {
      expect(event.text).not.toBe('')
      deltas.push(event.text)
    }
  }
  return { deltas, text: deltas.join(''), finished }
}

const ask = (content: string, rest: Omit<ChatRequest, 'messages'> = {}): ChatRequest => ({
  messages: [
    { role: 'system', content: 'You are a helpful assistant.' },
    { role: 'user', content },
  ],
  temperature: 0,
  maxTokens: 32,
  ...rest,
})
const endless = 'Write a very long story about a river, chapter after chapter.'
const never = (): AbortSignal => new AbortController().signal
/** About 1.3 tokens a word in every tokenizer. */
const prose = (words: number): string => 'The river flows slowly through the old town. '.repeat(Math.ceil(words / 8))

export function describeChatModelContract(adapterName: string, options: ChatModelContractOptions): void {
  const abortWithinMs = options.abortWithinMs ?? 1_500
  const contractCase = (name: string, run: (model: ChatModel) => Promise<void>): void => {
    const reason = options.skip?.[name]
    if (reason === undefined) test(name, { timeout: 60_000 }, () => run(subject.model))
    else test.skip(`${name} (skipped: ${reason})`)
  }
  let subject: ChatModelUnderTest

  describe(`ChatModel contract: ${adapterName}`, () => {
    beforeAll(async () => {
      subject = await options.open()
    }, 120_000)
    afterAll(() => subject?.dispose())

    contractCase('streams deltas in order, then finishes once with its usage', async (model) => {
      const { deltas, text, finished } = await read(model.generate(ask('What is the capital of France?'), never()))
      expect(deltas.length).toBeGreaterThan(1)
      expect(text).toContain('Paris')
      expect(finished?.usage.promptTokens).toBeGreaterThan(5)
      expect(finished?.usage.completionTokens).toBeGreaterThanOrEqual(deltas.length - 1)
    })

    contractCase('stops by itself when the answer is complete', async (model) => {
      const { finished } = await read(
        model.generate(ask('What is the capital of France?', { maxTokens: 200 }), never()),
      )
      expect(finished?.reason).toBe('stop')
    })

    contractCase('generates at most maxTokens and says that it was cut', async (model) => {
      const { finished } = await read(model.generate(ask(endless, { maxTokens: 7 }), never()))
      expect(finished?.reason).toBe('length')
      expect(finished?.usage.completionTokens).toBe(7)
    })

    contractCase('ends before a stop sequence, even one that spans tokens', async (model) => {
      const whole = await read(model.generate(ask(endless, { maxTokens: 40 }), never()))
      const middle = Math.floor(whole.text.length / 2)
      const stop = whole.text.slice(middle, middle + 9)
      const cut = await read(model.generate(ask(endless, { maxTokens: 40, stop: [stop] }), never()))
      expect(cut.text).toBe(whole.text.slice(0, whole.text.indexOf(stop)))
      expect(cut.finished?.reason).toBe('stop')
    })

    contractCase('gives the same text again at temperature 0', async (model) => {
      const first = await read(model.generate(ask(endless), never()))
      const second = await read(model.generate(ask(endless), never()))
      expect(second.text).toBe(first.text)
    })

    contractCase('gives the same text again with the same seed, and another with another seed', async (model) => {
      const sample = async (seed: number): Promise<string> =>
        (await read(model.generate(ask(endless, { temperature: 1, topP: 0.95, seed }), never()))).text
      const first = await sample(7)
      expect(await sample(7)).toBe(first)
      expect(await sample(8)).not.toBe(first)
    })

    contractCase('follows the roles of the conversation', async (model) => {
      const request: ChatRequest = {
        messages: [
          { role: 'user', content: 'What is the capital of France?' },
          { role: 'assistant', content: 'The capital of France is Paris.' },
          { role: 'user', content: 'Repeat the name of that city.' },
        ],
        temperature: 0,
        maxTokens: 24,
      }
      expect((await read(model.generate(request, never()))).text).toContain('Paris')
    })

    contractCase('counts a longer prompt as more tokens', async (model) => {
      const count = async (words: number): Promise<number> =>
        (await read(model.generate(ask(prose(words), { maxTokens: 1 }), never()))).finished?.usage.promptTokens ?? 0
      expect((await count(160)) - (await count(80))).toBeGreaterThan(60)
    })

    contractCase('keeps characters whole that span tokens', async (model) => {
      const { text } = await read(
        model.generate(ask('Repeat exactly: naïve café 日本語 🌊🌊🌊', { maxTokens: 40 }), never()),
      )
      expect(text).not.toContain('\uFFFD')
    })

    contractCase('stops soon after an abort in the middle, and is free again', async (model) => {
      const abort = new AbortController()
      let abortedAt = 0
      const reading = async (): Promise<void> => {
        for await (const event of model.generate(ask(endless, { maxTokens: 400 }), abort.signal)) {
          expect(event.kind).toBe('delta')
          if (abortedAt > 0) continue
          abortedAt = performance.now()
          abort.abort()
        }
      }
      await expect(reading()).rejects.toMatchObject({ code: 'CANCELLED' })
      expect(performance.now() - abortedAt).toBeLessThan(abortWithinMs)
      const after = await read(model.generate(ask('What is the capital of France?'), never()))
      expect(after.text).toContain('Paris')
    })

    contractCase('stops soon after an abort while it still reads the prompt', async (model) => {
      const abort = new AbortController()
      const words = Math.min(1_500, Math.floor(model.limits.contextLength / 2))
      const reading = read(model.generate(ask(prose(words), { maxTokens: 100 }), abort.signal))
      setTimeout(() => abort.abort(), 150)
      const startedAt = performance.now()
      await expect(reading).rejects.toMatchObject({ code: 'CANCELLED' })
      expect(performance.now() - startedAt).toBeLessThan(abortWithinMs + 150)
    })

    contractCase('does no work for a caller that is gone already', async (model) => {
      const abort = new AbortController()
      abort.abort()
      await expect(read(model.generate(ask(endless), abort.signal))).rejects.toMatchObject({ code: 'CANCELLED' })
    })

    contractCase('stops when the caller leaves the loop, and is free again', async (model) => {
      let seen = 0
      for await (const event of model.generate(ask(endless, { maxTokens: 400 }), never())) {
        expect(event.kind).toBe('delta')
        seen += 1
        if (seen === 3) break
      }
      const startedAt = performance.now()
      await read(model.generate(ask('What is the capital of France?'), never()))
      expect(performance.now() - startedAt).toBeLessThan(10_000)
    })

    contractCase('refuses a prompt longer than its context before any delta', async (model) => {
      const events: ChatEvent[] = []
      const reading = async (): Promise<void> => {
        const request = ask(prose(model.limits.contextLength + 500), { maxTokens: 8 })
        for await (const event of model.generate(request, never())) events.push(event)
      }
      await expect(reading()).rejects.toMatchObject({ code: 'CONTEXT_TOO_LONG', isRetryable: false })
      expect(events).toEqual([])
    })

    contractCase('serves requests at the same time without mixing them', async (model) => {
      const questions = ['What is the capital of France?', 'What is bread made of?', 'Why is the sky blue?']
      const alone: string[] = []
      for (const question of questions) alone.push((await read(model.generate(ask(question), never()))).text)
      const together = await Promise.all(questions.map((question) => read(model.generate(ask(question), never()))))
      expect(together.map(({ text }) => text)).toEqual(alone)
    })

    contractCase('lets a waiting request be aborted without disturbing the running one', async (model) => {
      const abort = new AbortController()
      const running = read(model.generate(ask(endless, { maxTokens: 60 }), never()))
      const waiting = read(model.generate(ask(endless, { maxTokens: 60 }), abort.signal))
      abort.abort()
      await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' })
      expect((await running).finished).not.toBeNull()
    })
  })
}
