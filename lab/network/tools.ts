import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'

const systemFolders = ['/usr/sbin', '/usr/bin', '/sbin', '/bin', '/usr/local/sbin', '/usr/local/bin']

/**
 * The folders of the system's tools. The PATH of an ordinary user often has no sbin. npm puts node_modules/.bin first, which may
 * contain an unrelated program `nft`. So the system's folders come first.
 */
export const toolFolders: readonly string[] = [...systemFolders, ...(process.env['PATH'] ?? '').split(':')]

/** The full path of a program; undefined if it is not installed. */
export function findTool(name: string, folders: readonly string[] = toolFolders): string | undefined {
  return folders.map((folder) => join(folder, name)).find(isProgram)
}

export function needTool(name: string): string {
  const path = findTool(name)
  if (path === undefined) throw new Error(`${name} is not installed`)
  return path
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
