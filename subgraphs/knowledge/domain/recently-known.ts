// What was computed of words is kept from document to document: few words make up most of all texts. Bounded, and a plain Map otherwise.

/** Some three megabytes. */
const KEPT = 50_000
/** Longer words are rare, and a part of a text that has 13 characters or more holds on to the whole text (V8's sliced strings). */
const KEY_CHARACTERS = 12

export class RecentlyKnown<Value> extends Map<string, Value> {
  readonly #kept: number

  /** `kept`: entries at most; one more, and all are forgotten. Default 50,000. */
  constructor(kept = KEPT) {
    super()
    this.#kept = kept
  }

  override set(key: string, value: Value): this {
    if (key.length > KEY_CHARACTERS) return this
    if (this.size >= this.#kept && !this.has(key)) this.clear()
    return super.set(key, value)
  }
}
