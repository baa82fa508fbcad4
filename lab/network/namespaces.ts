import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

import { needTool } from './tools.ts'

/**
 * A process that does nothing but keep namespaces alive. Its standard input is a pipe from this process: when
 * this process ends, however it ends, the kernel closes the pipe, `cat` ends, and the namespaces go with it.
 */
export interface Holder {
  readonly pid: number
  end(): Promise<void>
}

/** `undefined`: no user namespace is needed, because root makes the others directly. */
export type UserNamespace = Holder | undefined

// In the new namespaces /proc is still the old one, so that a process reads its outer number there.
const sayPidAndWait = 'read -r pid rest < /proc/self/stat && echo "$pid" && exec cat'

/**
 * A user namespace in which every program of a laboratory runs, as somebody who is not root: PostgreSQL refuses
 * root, and tcpdump as root wants to become another user, which a user namespace forbids.
 * Root that may not make one gets along without.
 */
export async function openUserNamespace(): Promise<UserNamespace> {
  const uid = process.geteuid?.() ?? 0
  const shown = String(uid === 0 ? 65_534 : uid)
  try {
    return await hold([needTool('unshare'), '--user', `--map-user=${shown}`, `--map-group=${shown}`])
  } catch (error) {
    if (uid === 0) return undefined
    throw new Error('This system lets an ordinary user make no user namespace', { cause: error })
  }
}

/** Whether programs in a laboratory are root, because root is refused the user namespace that would hide it. */
export async function programsAreRoot(): Promise<boolean> {
  const user = await openUserNamespace()
  await user?.end()
  return user === undefined
}

/**
 * A machine: a network and a process namespace of its own. `cat` is its process 1, so its end is the end of all
 * programs in it. The network belongs to a second user namespace inside the first: its owner, and that is
 * everybody in the first, has all rights over it without being root (user_namespaces(7), "a process that
 * resides in the parent … and whose effective user ID matches the owner").
 */
export async function openMachine(user: UserNamespace): Promise<Holder> {
  const unshare = [needTool('unshare'), '--net', '--pid', '--fork', '--kill-child']
  return user ? hold([...enterUser(user), ...unshare, '--user']) : hold(unshare)
}

/** The words before a command that let it run in a machine. */
export function enterMachine(user: UserNamespace, machine: Holder): string[] {
  const network = `--net=/proc/${machine.pid}/ns/net`
  const processes = `--pid=/proc/${machine.pid}/ns/pid`
  return [...enterUser(user), network, processes]
}

/** As {@link enterMachine}, but seeing this system's process numbers, which `ip link … netns PID` needs. */
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
  child.stdin.on('error', () => {}) // it may be gone already when we end it
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
