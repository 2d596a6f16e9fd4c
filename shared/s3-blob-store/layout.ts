// What lies where in the bucket, below the prefix: blobs under their keys, and two folders that no key can begin with a workspace of.
import { ABANDONED_MS, checkWorkspaceId } from '../blob-store.ts'
import { TributaryError } from '../errors.ts'
import { hasPrefix } from '../ids.ts'

/** Objects on their way, `incoming/<uuid>`, and those that `tributary doctor` tries the bucket with, `incoming/doctor-<uuid>`; never blobs. */
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

const INCOMING_FORM = /^incoming\/(?:doctor-)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Whether we may have made it: a shared bucket may have folders of the same names. */
export const isIncomingKey = (key: string): boolean => INCOMING_FORM.test(key)

/** Whether we may have made it, stricter than `uploadKey`: both parts are ids as the platform gives them. */
export function isUploadKey(key: string): boolean {
  const [workspaceId, id, ...more] = key.slice(UPLOADS.length).split('/')
  return key.startsWith(UPLOADS) && hasPrefix(workspaceId!, 'ws') && hasPrefix(id ?? '', 'up') && more.length === 0
}
