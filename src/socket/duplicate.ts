/** Reads a socket of another process through a short-lived duplicate. While the duplicate is open, the kernel does not close the connection. Linux. */
import { constants } from 'node:os'
import { native } from './native.ts'
import { values } from './values.ts'

/** Rights are missing; the message says which. */
export class NotAllowed extends Error {}

/**
 * Lends a duplicate of a socket of another process.
 *
 * @returns the result of `use`; `undefined` if the process, or the socket, no longer exists
 * @throws NotAllowed if rights are missing
 */
export function withSocketOf<T>(pid: number, descriptor: number, use: (fd: number) => T): T | undefined {
  if (pid === process.pid) return ofThisProcess(descriptor, use)
  const fd = native().duplicateSocket(pid, descriptor)
  if (fd < 0) return failed(pid, -fd)
  try {
    return use(fd)
  } finally {
    native().closeDuplicate(fd)
  }
}

/** Works without a duplicate, which a sandbox may forbid. A descriptor that is no longer a TCP socket counts as gone. */
function ofThisProcess<T>(fd: number, use: (fd: number) => T): T | undefined {
  return native().getKeepAlive(fd, values) === 0 ? use(fd) : undefined
}

function failed(pid: number, errno: number): undefined {
  const { EBADF, ENOSYS, EPERM, ESRCH } = constants.errno
  if (errno === EBADF || errno === ESRCH) return undefined
  if (errno === EPERM) {
    throw new NotAllowed(
      `the sockets of process ${pid} cannot be reached: that takes the same user, and the right to trace it ` +
        '(in Docker --cap-add SYS_PTRACE; with kernel.yama.ptrace_scope=1 or more, root)',
    )
  }
  if (errno === ENOSYS)
    throw new NotAllowed('this kernel is older than Linux 5.6, or a sandbox forbids pidfd_getfd')
  throw new Error(`pidfd_getfd: error ${errno}`)
}
