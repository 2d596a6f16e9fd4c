// Data as JSON. Of data that shows the same objects again and again, each is written once; what it is made of JSON.stringify writes faster than any other
// code, so all other data is left to it.

const repetitive = new WeakSet<object>()

/** To be written so that objects in it which are the same are written once. */
export const noteRepetitive = (data: object): void => void repetitive.add(data)

/** As JSON.stringify writes what is JSON. */
export const writeJson = (data: object): string =>
  repetitive.has(data) ? textOf(data, new Map(), new Map()) : JSON.stringify(data)

function textOf(value: object, texts: Map<object, string>, names: Map<string, string>): string {
  let text = texts.get(value)
  if (text === undefined) {
    text = holdsNone(value)
      ? JSON.stringify(value)
      : Array.isArray(value)
        ? textOfList(value, texts, names)
        : textOfObject(value as Record<string, unknown>, texts, names)
    texts.set(value, text)
  }
  return text
}

const isHolder = (value: unknown): value is object => typeof value === 'object' && value !== null

function holdsNone(value: object): boolean {
  if (Array.isArray(value)) return !value.some(isHolder)
  for (const name in value) if (isHolder((value as Record<string, unknown>)[name])) return false
  return true
}

function textOfList(list: readonly unknown[], texts: Map<object, string>, names: Map<string, string>): string {
  let text = '['
  for (const item of list) {
    if (text !== '[') text += ','
    text += isHolder(item) ? textOf(item, texts, names) : JSON.stringify(item)
  }
  return `${text}]`
}

/** `names`: their texts. */
function textOfObject(object: Record<string, unknown>, texts: Map<object, string>, names: Map<string, string>): string {
  let text = '{'
  for (const name in object) {
    const value = object[name]
    let prefix = names.get(name)
    if (prefix === undefined) names.set(name, (prefix = `${JSON.stringify(name)}:`))
    if (text !== '{') text += ','
    text += prefix + (isHolder(value) ? textOf(value, texts, names) : JSON.stringify(value))
  }
  return `${text}}`
}
