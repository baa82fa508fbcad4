/*
 * Simulates a system that refuses options to every socket of the process. Loaded with LD_PRELOAD:
 *
 * - REFUSE=18,4: setsockopt() of these TCP options fails with EPERM, as in a sandbox that filters system calls.
 * - REFUSE_READING=11: getsockopt() of this TCP option fails with EPERM.
 * - MULTIPATH=1: each TCP socket uses Multipath TCP, as with mptcpize(8).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static int is_refused(const char *list, int option) {
  while (list && *list) {
    char *end;
    if (strtol(list, &end, 10) == option) return 1;
    list = *end ? end + 1 : end;
  }
  return 0;
}

int setsockopt(int fd, int level, int option, const void *value, socklen_t length) {
  int (*original)(int, int, int, const void *, socklen_t) = dlsym(RTLD_NEXT, "setsockopt");
  if (level == IPPROTO_TCP && is_refused(getenv("REFUSE"), option)) {
    errno = EPERM;
    return -1;
  }
  return original(fd, level, option, value, length);
}

int getsockopt(int fd, int level, int option, void *value, socklen_t *length) {
  int (*original)(int, int, int, void *, socklen_t *) = dlsym(RTLD_NEXT, "getsockopt");
  if (level == IPPROTO_TCP && is_refused(getenv("REFUSE_READING"), option)) {
    errno = EPERM;
    return -1;
  }
  return original(fd, level, option, value, length);
}

int socket(int domain, int type, int protocol) {
  int (*original)(int, int, int) = dlsym(RTLD_NEXT, "socket");
  int is_tcp = (domain == AF_INET || domain == AF_INET6) && (type & 0xf) == SOCK_STREAM &&
               (protocol == 0 || protocol == IPPROTO_TCP);
  return original(domain, type, is_tcp && getenv("MULTIPATH") ? 262 : protocol);
}
