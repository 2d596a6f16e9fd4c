// What a caller did wrong, as answered in `userErrors`.

export interface UserMistake {
  code: 'INVALID' | 'NOT_FOUND' | 'UNSUPPORTED_MEDIA_TYPE' | 'TOO_LARGE' | 'NOT_CANCELLABLE'
  /** One sentence: what is wrong and how to mend it. */
  message: string
  path: string[]
}
