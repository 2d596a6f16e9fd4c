// Answers as JSON. Where several clients get the same data, it is written once, for as long as any of them holds it.
import type { FormattedExecutionResult } from 'graphql'
import { writeJson } from './write-json.ts'

type WriteAnswer = (answer: FormattedExecutionResult) => string

/** `keepsTexts`: whether several answers may have the same data. */
export function createWriteAnswer({ keepsTexts }: { keepsTexts: boolean }): WriteAnswer {
  const written = new WeakMap<object, string>()
  const textOf = (data: object): string => {
    if (!keepsTexts) return writeJson(data)
    let text = written.get(data)
    if (text === undefined) written.set(data, (text = writeJson(data)))
    return text
  }
  return ({ errors, data, extensions }) => {
    const parts = [
      ...(errors === undefined ? [] : [`"errors":${JSON.stringify(errors)}`]),
      ...(data === undefined ? [] : [`"data":${data === null ? 'null' : textOf(data)}`]),
      ...(extensions === undefined ? [] : [`"extensions":${JSON.stringify(extensions)}`]),
    ]
    return `{${parts.join(',')}}\n`
  }
}
