/*
 * A system without the rights of a debugger: pidfd_getfd(2) fails with EPERM, as under Yama's ptrace_scope, where /proc/PID/fd
 * may be read all the same. Loaded with LD_PRELOAD.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <sys/syscall.h>

#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

long syscall(long number, long a, long b, long c, long d, long e, long f) {
  long (*original)(long, long, long, long, long, long, long) = dlsym(RTLD_NEXT, "syscall");
  if (number == SYS_pidfd_getfd) {
    errno = EPERM;
    return -1;
  }
  return original(number, a, b, c, d, e, f);
}
