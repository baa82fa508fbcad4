/*
 * A socket with SO_LINGER whose owner closes it while somebody else asks it. Loaded with LD_PRELOAD, into both; FOLDER is theirs.
 *
 * - LINGER=seconds, for the owner: every connection gets SO_LINGER with that.
 * - for who asks: the first getsockopt on a socket with SO_LINGER makes the file `asked` and goes on when there is one `closed`.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

typedef int (*ask)(int, int, int, void *, socklen_t *);

int connect(int fd, const struct sockaddr *address, socklen_t length) {
  int (*original)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "connect");
  const char *seconds = getenv("LINGER");
  if (seconds) {
    struct linger linger = {.l_onoff = 1, .l_linger = atoi(seconds)};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  }
  return original(fd, address, length);
}

static void wait_for_the_owner(const char *folder) {
  char asked[4096], closed[4096];
  snprintf(asked, sizeof asked, "%s/asked", folder);
  snprintf(closed, sizeof closed, "%s/closed", folder);
  int file = open(asked, O_CREAT | O_EXCL | O_WRONLY, 0600);
  if (file < 0) return; /* not the first */
  close(file);
  while (access(closed, F_OK) != 0) usleep(1000);
}

int getsockopt(int fd, int level, int option, void *value, socklen_t *length) {
  ask original = (ask)dlsym(RTLD_NEXT, "getsockopt");
  struct linger linger = {0};
  socklen_t size = sizeof linger;
  const char *folder = getenv("FOLDER");
  int lingers = folder && !getenv("LINGER") && original(fd, SOL_SOCKET, SO_LINGER, &linger, &size) == 0 && linger.l_onoff;
  if (lingers) wait_for_the_owner(folder);
  return original(fd, level, option, value, length);
}
