// What a knowledge base may be called.

export const NAME_MAX_CHARACTERS = 200
export const DESCRIPTION_MAX_CHARACTERS = 2000

type Mistake = { code: 'INVALID'; message: string; path: string[] }

export function checkName(name: string): Mistake[] {
  const length = name.trim().length
  if (length > 0 && length <= NAME_MAX_CHARACTERS && !name.includes('\0')) return []
  const message = `Give the knowledge base a name of 1 to ${NAME_MAX_CHARACTERS} characters.`
  return [{ code: 'INVALID', message, path: ['input', 'name'] }]
}

export function checkDescription(description: string | null | undefined): Mistake[] {
  if (description == null || (description.length <= DESCRIPTION_MAX_CHARACTERS && !description.includes('\0')))
    return []
  const message = `Shorten the description to at most ${DESCRIPTION_MAX_CHARACTERS} characters.`
  return [{ code: 'INVALID', message, path: ['input', 'description'] }]
}
