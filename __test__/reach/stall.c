/*
 * Simulates rare states of a busy process, while a file exists. Loaded with LD_PRELOAD:
 *
 * - STALL=path: getsockopt(SO_COOKIE) does not return outside the main thread, as when it waits for a close with SO_LINGER.
 * - STALL_ONE=path: one getsockopt outside the main thread never returns; the file is then removed.
 * - STALL_NAME=path: one getsockname in any thread never returns; the file is gone then.
 * - NO_THREADS=path: no thread can be started.
 */
#define _GNU_SOURCE
#include <asm/socket.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int is_there(const char *name) {
  const char *path = getenv(name);
  return path && access(path, F_OK) == 0;
}

int getsockopt(int fd, int level, int option, void *value, socklen_t *length) {
  int (*original)(int, int, int, void *, socklen_t *) = dlsym(RTLD_NEXT, "getsockopt");
  int result = original(fd, level, option, value, length);
  const char *one = getenv("STALL_ONE");
  int is_main = syscall(SYS_gettid) == getpid();
  if (!is_main && one && unlink(one) == 0) pause();
  int is_meant = level == SOL_SOCKET && option == SO_COOKIE && !is_main;
  while (is_meant && result == 0 && is_there("STALL")) usleep(10000);
  return result;
}

int getsockname(int fd, struct sockaddr *address, socklen_t *length) {
  int (*original)(int, struct sockaddr *, socklen_t *) = dlsym(RTLD_NEXT, "getsockname");
  const char *path = getenv("STALL_NAME");
  if (path && unlink(path) == 0)
    for (;;) pause();
  return original(fd, address, length);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *given) {
  int (*original)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) =
      dlsym(RTLD_NEXT, "pthread_create");
  return is_there("NO_THREADS") ? EAGAIN : original(thread, attributes, run, given);
}
