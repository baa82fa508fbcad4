/*
 * Simulates a system that refuses one call with EPERM, with a seccomp filter, like Docker's profile or a sandbox:
 *
 *   forbid getfd PROGRAM …    pidfd_getfd(2): as without the rights of a debugger, although /proc/PID/fd may be read
 *   forbid kill PROGRAM …     the same call, and kills the process for it, as SystemCallFilter=@system-service of systemd does
 *   forbid netlink PROGRAM …  socket(2) of AF_NETLINK
 *   forbid minttl PROGRAM …   setsockopt(2) of IP_MINTTL
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PIDFD_GETFD 438 /* the same on every processor */
#define MINTTL 21       /* IP_MINTTL, of IPPROTO_IP, whose number is 0 */
#define LOAD(what) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, what))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define REFUSE BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)
#define KILL BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
#define IS(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no)

int main(int count, char **words) {
  struct sock_filter getfd[] = {LOAD(nr), IS(PIDFD_GETFD, 0, 1), REFUSE, ALLOW};
  struct sock_filter kill[] = {LOAD(nr), IS(PIDFD_GETFD, 0, 1), KILL, ALLOW};
  struct sock_filter netlink[] = {LOAD(nr), IS(SYS_socket, 0, 3), LOAD(args[0]), IS(AF_NETLINK, 0, 1), REFUSE, ALLOW};
  struct sock_filter minttl[] = {LOAD(nr), IS(SYS_setsockopt, 0, 5), LOAD(args[1]), IS(0, 0, 3), LOAD(args[2]), IS(MINTTL, 0, 1), REFUSE, ALLOW};
  struct sock_fprog forbid_getfd = {sizeof getfd / sizeof *getfd, getfd};
  struct sock_fprog forbid_kill = {sizeof kill / sizeof *kill, kill};
  struct sock_fprog forbid_netlink = {sizeof netlink / sizeof *netlink, netlink};
  struct sock_fprog forbid_minttl = {sizeof minttl / sizeof *minttl, minttl};
  if (count < 3) return 2;
  struct sock_fprog *program = strcmp(words[1], "getfd") == 0    ? &forbid_getfd
                               : strcmp(words[1], "kill") == 0   ? &forbid_kill
                               : strcmp(words[1], "minttl") == 0 ? &forbid_minttl
                                                                 : &forbid_netlink;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program)) {
    perror("forbid");
    return 1;
  }
  execvp(words[2], words + 2);
  perror(words[2]);
  return 1;
}
