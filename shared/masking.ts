// What may be shown of a configured value. A schema declares its secrets; passwords inside addresses are hidden wherever they turn up.
import { z } from 'zod'

const MASK = '***'

/** Declares a variable whose value is shown nowhere. */
export function secret<Field extends z.ZodType>(field: Field): Field {
  return field.meta({ secret: true })
}

/** Declares an address that may hold a password: shown without it, and not at all where it cannot be read as an address. */
export function secretAddress<Field extends z.ZodType>(field: Field): Field {
  return field.meta({ secretAddress: true })
}

/** Whether the value of a variable is never shown, whatever wraps its declaration (`.optional()`, `.default()`). */
export const isSecret = (field: z.ZodType): boolean => declares(field, 'secret')

/** A value as people may see it, in quotes; or in brackets why it is not shown. */
export function showValue(field: z.ZodType, value: string): string {
  if (isSecret(field)) return `(secret, ${value.length} characters)`
  if (declares(field, 'secretAddress') && !(value.includes('://') && URL.canParse(value)))
    return '(not shown, since it may hold a password)'
  return `"${maskPasswords(value)}"`
}

/** `scheme://user:password@host`, the same without its scheme, and `?password=…` without the password; other text as it is. */
export function maskPasswords(text: string): string {
  // To the last "@" of the word: a password may hold one that nobody escaped.
  return text
    .replaceAll(/((?:^|[\s"'(])(?:[a-z][a-z0-9+.-]*:\/\/)?[^:@/\s"'(]*):(?!\/\/)\S+@/gi, `$1:${MASK}@`)
    .replaceAll(/([?&][^=&\s]*(?:password|secret|token)[^=&\s]*=)[^&\s]+/gi, `$1${MASK}`)
}

function declares(field: z.ZodType, mark: 'secret' | 'secretAddress'): boolean {
  if (z.globalRegistry.get(field)?.[mark] === true) return true
  const { innerType, in: input } = field.def as { innerType?: z.ZodType; in?: z.ZodType }
  const inner = innerType ?? input
  return inner !== undefined && declares(inner, mark)
}
