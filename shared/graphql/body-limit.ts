/** Texts may be sent inside a mutation; anything larger goes through an upload. */
export const BODY_LIMIT_BYTES = 32 * 1_048_576
