// Both drivers report a unique index that refused a row with SQLSTATE 23505; Drizzle wraps their error.
export function isUniqueViolation(error: unknown): boolean {
  for (let current = error; current instanceof Error; current = current.cause) {
    if ((current as { code?: string }).code === '23505') return true
  }
  return false
}
