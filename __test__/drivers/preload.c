/* Like libkeepalive: loaded with LD_PRELOAD, it turns keepalive on when a TCP socket is made, with values from the environment. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

static void set(int fd, int level, int option, const char *variable) {
  const char *text = getenv(variable);
  int value = text ? atoi(text) : 0;
  if (value > 0) setsockopt(fd, level, option, &value, sizeof value);
}

int socket(int domain, int type, int protocol) {
  int (*original)(int, int, int) = (int (*)(int, int, int))dlsym(RTLD_NEXT, "socket");
  int fd = original(domain, type, protocol);
  if (fd < 0 || (domain != AF_INET && domain != AF_INET6) || (type & 0xf) != SOCK_STREAM) return fd;
  set(fd, SOL_SOCKET, SO_KEEPALIVE, "PRELOAD_KEEPALIVE");
  set(fd, IPPROTO_TCP, TCP_KEEPIDLE, "PRELOAD_KEEPIDLE");
  set(fd, IPPROTO_TCP, TCP_KEEPINTVL, "PRELOAD_KEEPINTVL");
  set(fd, IPPROTO_TCP, TCP_KEEPCNT, "PRELOAD_KEEPCNT");
  return fd;
}
