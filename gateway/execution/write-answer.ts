// Answers as JSON. Data that several clients get is written once, for as long as any of them holds it.
import type { FormattedExecutionResult } from 'graphql'

type WriteAnswer = (answer: FormattedExecutionResult) => string

export function createWriteAnswer(): WriteAnswer {
  const written = new WeakMap<object, string>()
  return ({ errors, data, extensions }) => {
    let text = data && written.get(data)
    if (text === undefined || text === null) {
      text = JSON.stringify(data)
      if (data) written.set(data, text)
    }
    const parts = [
      ...(errors === undefined ? [] : [`"errors":${JSON.stringify(errors)}`]),
      ...(data === undefined ? [] : [`"data":${text}`]),
      ...(extensions === undefined ? [] : [`"extensions":${JSON.stringify(extensions)}`]),
    ]
    return `{${parts.join(',')}}\n`
  }
}
