import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { needTool } from './tools.ts'

/**
 * A process that only keeps namespaces alive. Its standard input is a pipe from this process. When this process ends in
 * any way, the kernel closes the pipe, `cat` ends, and the namespaces end with it.
 */
export interface Holder {
  readonly pid: number
  end(): Promise<void>
}

/** `undefined`: there is none, because root makes the other namespaces directly. */
export type UserNamespace = Holder | undefined

// The new namespaces still have the old /proc, so a process reads its outer number there.
const sayPidAndWait = 'read -r pid rest < /proc/self/stat && echo "$pid" && exec cat'

/**
 * The user namespace of every program of a laboratory, in which it is not root: PostgreSQL refuses to run as root, and tcpdump as
 * root tries to become another user, which a user namespace forbids. If the system forbids user namespaces, root works without.
 */
export async function openUserNamespace(): Promise<UserNamespace> {
  const uid = process.geteuid?.() ?? 0
  const shown = String(uid === 0 ? 65_534 : uid)
  try {
    return await hold([needTool('unshare'), '--user', `--map-user=${shown}`, `--map-group=${shown}`])
  } catch (error) {
    if (uid === 0) return undefined
    throw new Error('This system forbids user namespaces', { cause: error })
  }
}

/** Whether programs in a laboratory are root, because the system forbids user namespaces. */
export async function programsAreRoot(): Promise<boolean> {
  const user = await openUserNamespace()
  await user?.end()
  return user === undefined
}

/**
 * A machine: a network and a process namespace of its own. `cat` is its process 1, so the end of `cat` ends all programs. The
 * network belongs to a second user namespace inside the first. Every process in the first owns it, and has all rights over it
 * without being root (user_namespaces(7), "a process that resides in the parent … and whose effective user ID matches the owner").
 */
export async function openMachine(user: UserNamespace): Promise<Holder> {
  const unshare = [needTool('unshare'), '--net', '--pid', '--fork', '--kill-child']
  return user ? hold([...enterUser(user), ...unshare, '--user']) : hold(unshare)
}

/** The words before a command that run it in a machine. */
export function enterMachine(user: UserNamespace, machine: Holder): string[] {
  return [...enterNetwork(user, machine), `--pid=/proc/${machine.pid}/ns/pid`]
}

/** Like {@link enterMachine}, but with the outer process numbers, which `ip link … netns PID` needs. */
export function enterNetwork(user: UserNamespace, machine: Holder): string[] {
  return [...enterUser(user), `--net=/proc/${machine.pid}/ns/net`]
}

function enterUser(user: UserNamespace): string[] {
  const nsenter = needTool('nsenter')
  return user ? [nsenter, `--user=/proc/${user.pid}/ns/user`, '--preserve-credentials'] : [nsenter]
}

async function hold(words: readonly string[]): Promise<Holder> {
  const [command = '', ...args] = [...words, 'sh', '-c', sayPidAndWait]
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  child.stdin.on('error', () => {}) // it may already have ended
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const complaint = text(child.stderr)
  const [line] = await Promise.race([once(child.stdout, 'data'), ended.then(() => [''])])
  const pid = Number(line)
  if (!(pid > 0)) throw new Error((await complaint).trim() || `${command} did not start`)
  return {
    pid,
    end: async () => {
      child.stdin.end()
      await ended
    },
  }
}
