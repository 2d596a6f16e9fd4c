// Times of which some things have their own, as an environment variable has them: `60000`, or `60000,models=120000`.
import { z } from 'zod'

export interface MillisecondsByName {
  default: number
  of: ReadonlyMap<string, number>
}

/** `least`: of each, 0 or 1. `example`: a name that may stand in it. */
export const millisecondsByName = (fallback: string, { least, example }: { least: 0 | 1; example: string }) => {
  const figure = least === 0 ? String.raw`\d{1,8}` : String.raw`[1-9]\d{0,7}`
  return z
    .string()
    .regex(
      new RegExp(String.raw`^\s*${figure}\s*(?:,\s*[^=,\s]+=${figure}\s*)*$`),
      `expected milliseconds such as "60000", or with those of single ones, "60000,${example}=120000"`,
    )
    .default(fallback)
}

/** Of a value that was accepted. */
export function readMillisecondsByName(text: string): MillisecondsByName {
  const [first, ...own] = text.split(',')
  return {
    default: Number(first),
    of: new Map(own.map((entry) => entry.split('=')).map(([name, value]) => [name!.trim(), Number(value)])),
  }
}
