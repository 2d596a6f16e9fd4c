// The rules for what callers send, as the schema's descriptions state them.

import { parseDeclaredMediaType } from './media-type.ts'
import type { UserMistake } from './user-mistake.ts'

const FILE_NAME_MAXIMUM_CHARACTERS = 255
const TITLE_MAXIMUM_CHARACTERS = 500
const TEXT_MAXIMUM_CHARACTERS = 1_000_000
const ITEMS_MAXIMUM = 1000
const TAGS_MAXIMUM = 20
const TAG_MAXIMUM_CHARACTERS = 64
const IDEMPOTENCY_KEY_MAXIMUM_CHARACTERS = 200

export interface UploadInput {
  fileName: string
  sizeBytes: number
  mediaType: string | null
}

export function checkUploadInput(input: UploadInput, limitBytes: number): UserMistake[] {
  const mistakes: UserMistake[] = []
  const { fileName, sizeBytes } = input
  if (
    fileName.trim() === '' ||
    fileName.length > FILE_NAME_MAXIMUM_CHARACTERS ||
    !isStorable(fileName) ||
    /[/\\]/.test(fileName)
  ) {
    mistakes.push(
      invalid(`Give the file a name of 1 to ${FILE_NAME_MAXIMUM_CHARACTERS} characters without folders.`, 'fileName'),
    )
  }
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 1) {
    mistakes.push(
      invalid('The file is empty or its size is not a number of bytes. Send its exact size, at least 1.', 'sizeBytes'),
    )
  } else if (sizeBytes > limitBytes) {
    const message = `The file has ${sizeBytes.toLocaleString('en')} bytes; at most ${limitBytes.toLocaleString('en')} are accepted. Split it into smaller files.`
    mistakes.push({ code: 'TOO_LARGE', message, path: ['input', 'sizeBytes'] })
  }
  return [...mistakes, ...checkMediaType(input.mediaType, ['input', 'mediaType'], 'plain text, Markdown, HTML and PDF')]
}

export interface JobInput {
  uploadIds: readonly string[]
  texts: readonly TextInput[]
  tags: readonly string[]
  idempotencyKey: string | null
}

export interface TextInput {
  title: string
  text: string
  mediaType: string | null
}

export function checkJobInput(input: JobInput): UserMistake[] {
  const mistakes: UserMistake[] = []
  const { uploadIds, texts, tags, idempotencyKey } = input
  const count = uploadIds.length + texts.length
  if (count < 1 || count > ITEMS_MAXIMUM) {
    mistakes.push(
      invalid(`A job takes 1 to ${ITEMS_MAXIMUM} uploads and texts together; this one has ${count}.`, 'uploadIds'),
    )
  }
  if (new Set(uploadIds).size < uploadIds.length)
    mistakes.push(invalid('An upload is named twice. Name each once.', 'uploadIds'))
  texts.forEach((text, index) => mistakes.push(...checkText(text, index)))
  if (
    tags.length > TAGS_MAXIMUM ||
    tags.some((tag) => tag.trim() === '' || tag.length > TAG_MAXIMUM_CHARACTERS || !isStorable(tag))
  ) {
    mistakes.push(
      invalid(`Give at most ${TAGS_MAXIMUM} tags, each of 1 to ${TAG_MAXIMUM_CHARACTERS} characters.`, 'tags'),
    )
  }
  if (idempotencyKey !== null && !isIdempotencyKey(idempotencyKey)) {
    mistakes.push(
      invalid(`Give a key of 1 to ${IDEMPOTENCY_KEY_MAXIMUM_CHARACTERS} characters, or none.`, 'idempotencyKey'),
    )
  }
  return mistakes
}

export const isIdempotencyKey = (key: string): boolean =>
  key !== '' && key.length <= IDEMPOTENCY_KEY_MAXIMUM_CHARACTERS && isStorable(key)

function checkText(input: TextInput, index: number): UserMistake[] {
  const mistakes: UserMistake[] = []
  const at = (field: string) => ['input', 'texts', String(index), field]
  const { title, text } = input
  if (title.trim() === '' || title.length > TITLE_MAXIMUM_CHARACTERS || !isStorable(title)) {
    mistakes.push({
      code: 'INVALID',
      message: `Give the text a title of 1 to ${TITLE_MAXIMUM_CHARACTERS} characters.`,
      path: at('title'),
    })
  }
  if (text.trim() === '') {
    mistakes.push({
      code: 'INVALID',
      message: 'The text is empty. Send at least one character that is not white space.',
      path: at('text'),
    })
  } else if (text.length > TEXT_MAXIMUM_CHARACTERS) {
    const message = `The text has ${text.length.toLocaleString('en')} characters; at most ${TEXT_MAXIMUM_CHARACTERS.toLocaleString('en')} are accepted. Send it as an upload.`
    mistakes.push({ code: 'TOO_LARGE', message, path: at('text') })
  } else if (!isStorable(text)) {
    mistakes.push({
      code: 'INVALID',
      message: 'The text contains a NUL character or half of a surrogate pair. Remove it.',
      path: at('text'),
    })
  }
  const declared = parseDeclaredMediaType(input.mediaType)
  if (declared.kind === 'supported' && declared.mediaType === 'application/pdf') {
    mistakes.push({
      code: 'UNSUPPORTED_MEDIA_TYPE',
      message: 'A PDF is no text. Send it as an upload.',
      path: at('mediaType'),
    })
  }
  return [...mistakes, ...checkMediaType(input.mediaType, at('mediaType'), 'text/plain, text/markdown and text/html')]
}

function checkMediaType(mediaType: string | null, path: string[], supported: string): UserMistake[] {
  if (mediaType !== null && !isStorable(mediaType))
    return [{ code: 'INVALID', message: 'The type contains a NUL character or half of a surrogate pair.', path }]
  const declared = parseDeclaredMediaType(mediaType)
  if (declared.kind !== 'unsupported') return []
  const named = declared.mediaType.slice(0, 100)
  return [
    {
      code: 'UNSUPPORTED_MEDIA_TYPE',
      message: `The type "${named}" cannot be ingested. Supported are ${supported}.`,
      path,
    },
  ]
}

/** PostgreSQL stores no NUL, and UTF-8 no half of a surrogate pair. */
const isStorable = (text: string): boolean => !text.includes('\0') && text.isWellFormed()

const invalid = (message: string, field: string): UserMistake => ({ code: 'INVALID', message, path: ['input', field] })
