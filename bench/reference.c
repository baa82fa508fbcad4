/*
 * The system calls of the measured functions, in C, in Node's process. A process with several threads takes longer for each
 * system call on a descriptor, because the kernel counts its references. Each function has its own loop, so that no call
 * from JavaScript is counted; only setOnce shows what such a call takes.
 */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <node_api.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

static void give_up(napi_env env, const char *call) {
  napi_throw_error(env, NULL, call);
}

static int64_t integer(napi_env env, napi_value value) {
  int64_t number = -1;
  napi_get_value_int64(env, value, &number);
  return number;
}

static int put(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof value);
}

static int read_one(int fd, int level, int name, int *value) {
  socklen_t size = sizeof *value;
  return getsockopt(fd, level, name, value, &size);
}

/* No user timeout; and the same, where setting the time shows whether it is a TCP socket. */
enum { NONE = -1, TIME_FIRST = -2 };

static int set_rest(int fd) {
  return put(fd, SOL_SOCKET, SO_KEEPALIVE, 1) || put(fd, IPPROTO_TCP, TCP_KEEPINTVL, 10) || put(fd, IPPROTO_TCP, TCP_KEEPCNT, 6);
}

static int set_one(int fd, int time, int user_timeout) {
  int protocol = 0;
  if (user_timeout == TIME_FIRST) return put(fd, IPPROTO_TCP, TCP_KEEPIDLE, time) || set_rest(fd);
  if (read_one(fd, SOL_SOCKET, SO_PROTOCOL, &protocol) || protocol != IPPROTO_TCP) return -1;
  if (user_timeout >= 0 && put(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, user_timeout)) return -1;
  return put(fd, IPPROTO_TCP, TCP_KEEPIDLE, time) || set_rest(fd);
}

static int read_values(int fd, int values[6]) {
  return read_one(fd, SOL_SOCKET, SO_KEEPALIVE, &values[1]) || read_one(fd, IPPROTO_TCP, TCP_KEEPIDLE, &values[2]) || read_one(fd, IPPROTO_TCP, TCP_KEEPINTVL, &values[3]) ||
         read_one(fd, IPPROTO_TCP, TCP_KEEPCNT, &values[4]) || read_one(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &values[5]);
}

static int read_all(int fd, int values[6]) {
  return read_one(fd, SOL_SOCKET, SO_PROTOCOL, &values[0]) || read_values(fd, values);
}

#define ARGUMENTS(count)       \
  napi_value given[count];     \
  size_t number_given = count; \
  napi_get_cb_info(env, info, &number_given, given, NULL, NULL)

/* setEach(fds, userTimeout): once on each socket of an Int32Array, two times in turn; or NONE, or TIME_FIRST */
static napi_value set_each(napi_env env, napi_callback_info info) {
  ARGUMENTS(2);
  size_t count = 0;
  void *data = NULL;
  napi_get_typedarray_info(env, given[0], NULL, &count, &data, NULL, NULL);
  const int *fds = data;
  const int user_timeout = integer(env, given[1]);
  for (size_t i = 0; i < count; i++) {
    if (set_one(fds[i], 60 + (i & 1), user_timeout)) give_up(env, "setEach");
  }
  return NULL;
}

/* get(fd, times) */
static napi_value get(napi_env env, napi_callback_info info) {
  ARGUMENTS(2);
  const int fd = integer(env, given[0]);
  const int64_t times = integer(env, given[1]);
  int values[6];
  for (int64_t i = 0; i < times; i++) {
    if (read_all(fd, values)) give_up(env, "get");
  }
  return NULL;
}

/* tcpInfoEach(fds): one getsockopt for each, 232 bytes as of Linux 5.5 and more since */
static napi_value tcp_info_each(napi_env env, napi_callback_info info) {
  ARGUMENTS(1);
  void *data;
  size_t length;
  napi_get_typedarray_info(env, given[0], NULL, &length, &data, NULL, NULL);
  const int32_t *fds = data;
  char bytes[512];
  for (size_t i = 0; i < length; i++) {
    socklen_t size = sizeof bytes;
    if (getsockopt(fds[i], IPPROTO_TCP, TCP_INFO, bytes, &size)) give_up(env, "tcpInfoEach");
  }
  return NULL;
}

/* scan(last): getsockname on all descriptors, which every search by endpoints needs */
static napi_value scan(napi_env env, napi_callback_info info) {
  ARGUMENTS(1);
  const int last = integer(env, given[0]);
  struct sockaddr_storage address;
  for (int fd = 0; fd <= last; fd++) {
    socklen_t size = sizeof address;
    getsockname(fd, (struct sockaddr *)&address, &size);
  }
  return NULL;
}

/* inspectEach(last): reads what inspectSockets() reports of every TCP socket; returns the number of sockets */
static napi_value inspect_each(napi_env env, napi_callback_info info) {
  ARGUMENTS(1);
  const int last = integer(env, given[0]);
  int values[6], found = 0;
  char bytes[512];
  struct sockaddr_storage address;
  for (int fd = 0; fd <= last; fd++) {
    if (read_one(fd, SOL_SOCKET, SO_PROTOCOL, &values[0]) || values[0] != IPPROTO_TCP) continue;
    socklen_t size = sizeof address;
    getsockname(fd, (struct sockaddr *)&address, &size);
    size = sizeof address;
    getpeername(fd, (struct sockaddr *)&address, &size);
    if (read_values(fd, values)) give_up(env, "inspectEach");
    size = sizeof bytes;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, bytes, &size)) give_up(env, "inspectEach");
    found++;
  }
  napi_value number = NULL;
  napi_create_int32(env, found, &number);
  return number;
}

/*
 * setOnce(fd, enabled, time, interval, retries, userTimeout): one call like the binding's: six arguments, the type of each
 * checked, and a number as the result (0, or -1 if the system refuses). No addon can be faster.
 */
static napi_value set_once(napi_env env, napi_callback_info info) {
  ARGUMENTS(6);
  int fd, time, interval, retries, user_timeout;
  bool enabled;
  if (napi_get_value_int32(env, given[0], &fd) || napi_get_value_bool(env, given[1], &enabled) ||
      napi_get_value_int32(env, given[2], &time) || napi_get_value_int32(env, given[3], &interval) ||
      napi_get_value_int32(env, given[4], &retries) || napi_get_value_int32(env, given[5], &user_timeout)) {
    give_up(env, "setOnce");
    return NULL;
  }
  const int refused = (user_timeout >= 0 && put(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, user_timeout)) ||
                      put(fd, IPPROTO_TCP, TCP_KEEPIDLE, time) || put(fd, SOL_SOCKET, SO_KEEPALIVE, enabled) ||
                      put(fd, IPPROTO_TCP, TCP_KEEPINTVL, interval) || put(fd, IPPROTO_TCP, TCP_KEEPCNT, retries);
  napi_value status = NULL;
  napi_create_int32(env, -refused, &status);
  return status;
}

/* count(task): calls the task, while callgrind counts (--toggle-collect=count_instructions) */
static napi_value count_instructions(napi_env env, napi_callback_info info) {
  ARGUMENTS(1);
  napi_value nothing;
  napi_get_undefined(env, &nothing);
  napi_call_function(env, nothing, given[0], 0, NULL, NULL);
  return NULL;
}

NAPI_MODULE_INIT() {
  const napi_property_descriptor functions[] = {
      {"setEach", NULL, set_each, NULL, NULL, NULL, napi_enumerable, NULL},
      {"get", NULL, get, NULL, NULL, NULL, napi_enumerable, NULL},
      {"tcpInfoEach", NULL, tcp_info_each, NULL, NULL, NULL, napi_enumerable, NULL},
      {"setOnce", NULL, set_once, NULL, NULL, NULL, napi_enumerable, NULL},
      {"count", NULL, count_instructions, NULL, NULL, NULL, napi_enumerable, NULL},
      {"inspectEach", NULL, inspect_each, NULL, NULL, NULL, napi_enumerable, NULL},
      {"scan", NULL, scan, NULL, NULL, NULL, napi_enumerable, NULL},
  };
  napi_define_properties(env, exports, sizeof functions / sizeof *functions, functions);
  return exports;
}
