// What lies where in the bucket, below the prefix: blobs under their keys, and two folders that no key can begin with a workspace of.
import { ABANDONED_MS, checkWorkspaceId } from '../blob-store.ts'
import { TributaryError } from '../errors.ts'

/** Objects on their way; never blobs. */
export const INCOMING = 'incoming/'
/** Objects that clients put there themselves, `uploads/<workspace>/<id>`. */
export const UPLOADS = 'uploads/'

/** Signature version 4 signs for at most seven days. */
export const LONGEST_ADDRESS_MS = 7 * 24 * 3_600_000
/** An object that came at the last moment of its address is still waited for by whoever announced it. */
export const DIRECT_ABANDONED_MS = LONGEST_ADDRESS_MS + ABANDONED_MS

/** Throws NOT_FOUND when one of the two is no id. */
export function uploadKey({ workspaceId, id }: { workspaceId: string; id: string }): string {
  checkWorkspaceId(workspaceId)
  if (!/^[A-Za-z0-9_]+$/.test(id)) throw new TributaryError('NOT_FOUND', 'There is no such upload.')
  return `${UPLOADS}${workspaceId}/${id}`
}
