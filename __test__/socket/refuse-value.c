/*
 * Preloaded before libc. One TCP option, whose number is in REFUSE_VALUE_OF, is refused with EINVAL, whatever the value. One whose
 * number is in IGNORE_VALUE_OF is not set, without an error.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

int setsockopt(int fd, int level, int name, const void *value, socklen_t length) {
  const char *refused = getenv("REFUSE_VALUE_OF");
  if (refused != NULL && level == IPPROTO_TCP && name == atoi(refused)) {
    errno = EINVAL;
    return -1;
  }
  const char *ignored = getenv("IGNORE_VALUE_OF");
  if (ignored != NULL && level == IPPROTO_TCP && name == atoi(ignored)) return 0;
  int (*next)(int, int, int, const void *, socklen_t) = dlsym(RTLD_NEXT, "setsockopt");
  return next(fd, level, name, value, length);
}
