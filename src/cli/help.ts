/** The texts of `--help`, at most 80 columns wide. */

export const HELP = `Usage: tcp-keepalive COMMAND [options]

  doctor                what this machine can do, and what it does unasked
  plan                  what values mean, and the same for other programs
  watch HOST:PORT ...   connects, sends nothing, and shows live who is there
  drill PID             cuts connections off, and shows who is told
  ps [PID ...]          the connections of a process, and how they are protected

  --json                for programs
  --help                also after a command
  --version

Exit codes: 0 all is well, 1 it is not or could not be found out, 2 the command
was not understood; of drill also: too early to tell.`

const VALUES = `  --detect-within TIME  solves for the four values below
  --time TIME           silence before the first probe
  --interval TIME       between unanswered probes
  --retries COUNT       unanswered probes before the kernel gives up
  --user-timeout TIME   how long sent data may stay unacknowledged; 0: as long
                        as the system sends it again

TIME has a unit: 500ms, 30s, 2m, 1h.`

export const COMMAND_HELP: Readonly<Record<string, string>> = {
  doctor: `Usage: tcp-keepalive doctor [--json]

Shows the runtime, the platform, the native binary and where it came from, what
can be set here, what the system does where nobody asks for anything, and what
tcp-keepalive/register would do with the TCP_KEEPALIVE_* variables as they are.

Exit code 1: the native binary cannot be used.`,
  plan: `Usage: tcp-keepalive plan --detect-within 30s [--json]

Shows what would be set, when a dead peer is noticed, which outages a living
peer survives, and the same settings for libpq, pgbouncer and sysctl. Nothing
is set.

  --tolerate TIME       solves for a deadline: the shortest one with which a
                        living peer survives an outage of this time
${VALUES}
Without any of these: --detect-within 60s.`,
  watch: `Usage: tcp-keepalive watch HOST:PORT ... [options]

Connects, sets values, sends nothing, and shows live: silence, unanswered
probes, the round trip, and in the end what became of the peer. A server that
hangs up on a silent client is connected to again. It needs no root; Ctrl-C
ends it.

${VALUES}
Without any of these: --detect-within 30s.

  --for TIME            ends after this time
  --json                a line for each change

Exit code 1: a peer was lost, or could not be connected to in this time.`,
  drill: `Usage: tcp-keepalive drill PID --match PATTERN [options]
       tcp-keepalive drill --match PATTERN [options] -- COMMAND
       tcp-keepalive drill --heal PID

Cuts the matching connections of a running program off: nothing that their
peers send arrives any more. Shows live who is told, after how long, and what
it would take for the others; then heals what is still there, also on Ctrl-C.
It takes the same user, and the right to trace the program. A COMMAND takes no
rights: its Node processes drill themselves, from three seconds after their
first such connection on, and it is ended at the end. Linux only.

  --match PATTERN       which peers, as *:5432 or 10.0.0.0/8:6379; again, or
                        several with commas
  --within TIME         so soon each must be told; by default 60s
  --for TIME            ends after this time, and goes on until then to see
                        when those are told that are late
  --new                 connections that are made meanwhile are cut off too;
                        ends after twice --within where --for is not given
  --heal                heals what a drill left that was killed
  --json                a report in the end; durations in milliseconds

Exit code 0: all were told in time. What was connected during the drill does
not count where it is too early to tell.
Exit code 1: a connection was not told in time, or could not be cut off, or
the program ended when it was told; or the drill could not be done.
Exit code 2: nothing can be said, as it was too early to tell, or the program
ended before; or the command was not understood.`,
  ps: `Usage: tcp-keepalive ps [PID ...] [options]

Shows the TCP connections of processes: the peer, how long until a dead peer is
noticed by whoever waits and by whoever writes, and what the kernel is about to
do. Marked are those that are never told (!), told late or without a user
timeout (~), and those whose values could not be read (?). Without PID: every
process that may be looked at. Linux only; nothing is sent or changed.

To read the values takes the rights of a debugger: root, CAP_SYS_PTRACE, or the
same user where ptrace_scope is 0. Without them only the timer is known.

  --within TIME         marks what is told later than this, late timers included
  --check               exit code 1 where a connection is unprotected; with
                        --within, where one is not known to be told in time
  --json                every field; durations in milliseconds

Exit code 1 also: there is no such process, or it belongs to somebody else.`,
}
