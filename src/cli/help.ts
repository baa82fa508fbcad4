/** The texts of `--help`, at most 80 columns wide. */

export const HELP = `Usage: tcp-keepalive COMMAND [options]

  doctor                what this machine supports, and its defaults
  plan                  what values mean, and the same for other programs
  watch HOST:PORT ...   connects, sends nothing, and shows live which peers answer
  drill PID             cuts off connections, and shows which deaths are detected
  ps [PID ...]          the connections of a process, and how they are protected

  --json                prints JSON
  --help                also after a command
  --version

Exit codes: 0 all is well, 1 it is not or could not be found out, 2 the command
was not understood, or (drill) it was too early to tell.`

const VALUES = `  --detect-within TIME  solves for the four values below
  --time TIME           silence before the first probe
  --interval TIME       between unanswered probes
  --retries COUNT       unanswered probes before the kernel gives up
  --user-timeout TIME   how long sent data may stay unacknowledged; 0: until the
                        system stops retransmitting

TIME has a unit: 500ms, 30s, 2m, 1h.`

export const COMMAND_HELP: Readonly<Record<string, string>> = {
  doctor: `Usage: tcp-keepalive doctor [--json]

Shows the runtime, the platform, the native binary and its path, which values
can be set here, the system's defaults, and what tcp-keepalive/register would do
with the current TCP_KEEPALIVE_* variables.

Exit code 1: the native binary cannot be used.`,
  plan: `Usage: tcp-keepalive plan --detect-within 30s [--json]

Shows what would be set, when a dead peer is noticed, which outages a living
peer survives, and the same settings for libpq, pgbouncer and sysctl. Nothing
is set.

  --tolerate TIME       solves for the shortest deadline with which a living
                        peer survives an outage of this time
${VALUES}
Without any of these: --detect-within 60s.`,
  watch: `Usage: tcp-keepalive watch HOST:PORT ... [options]

Connects, sets values, sends nothing, and shows live: silence, unanswered
probes, the round trip, and at the end what became of the peer. If a server
closes the connection, watch connects again. It does not need root. Ctrl-C ends
it. The kernel of the peer answers: a program there that is stopped or hangs is
still alive here.

${VALUES}
Without any of these: --detect-within 30s.

  --for TIME            ends after this time
  --json                a line for each change

Exit code 1: a peer was lost, or did not accept a connection in this time.`,
  drill: `Usage: tcp-keepalive drill PID --match PATTERN [options]
       tcp-keepalive drill --match PATTERN [options] -- COMMAND
       tcp-keepalive drill --heal PID

Cuts off the matching connections of a running program: nothing that their
peers send arrives any more, as if they were dead. Shows live which deaths are
detected and after how long, and how long the others would take. At the end,
also on Ctrl-C, the connections that still exist are restored.

With PID, drill needs the same user and the right to trace the program. With
COMMAND it needs no rights: it starts the command, the command's Node processes
drill themselves from three seconds after their first matching connection on,
and drill ends the command. A process with its own NODE_OPTIONS is drilled as
with PID. It waits for a matching connection for five minutes,
or for the time of --for. Linux only.

  --match PATTERN       which peers, as *:5432 or 10.0.0.0/8:6379, not by name;
                        several with commas, or with several --match
  --within TIME         how soon each death must be detected; by default 60s
  --for TIME            ends after this time, counted from the cut; shows until
                        then when late connections detect the death
  --new                 also cuts off connections that are made during the
                        drill; without --for, ends after twice --within
  --heal                restores connections after a drill was killed
  --json                a report at the end; durations in milliseconds

Exit code 0: all deaths were detected in time. Connections that were made during
the drill do not count if it was too early to tell.
Exit code 1: a death was not detected in time, a connection could not be cut
off, the program ended right after a connection error, there was no matching
connection, or the drill failed.
Exit code 2: it was too early to tell, or the program ended before that; or the
command was not understood.`,
  ps: `Usage: tcp-keepalive ps [PID ...] [options]

Shows the TCP connections of processes: the peer, how long it takes to detect a
dead peer while the program waits and while it writes, and what the kernel does
next. Without PID: every process that this user may read. Linux only; nothing is
sent or changed.

The marks: ! a dead peer is never detected; ~ it is detected late, or there is
no user timeout; ? the values could not be read.

Reading the values needs the rights of a debugger: root, CAP_SYS_PTRACE, or the
same user with ptrace_scope 0. Without these rights only the timer is known.

  --match PATTERN       only these peers, as with drill: *:5432, 10.0.0.0/8:*
  --within TIME         marks connections that detect a dead peer later than
                        this, late timers included
  --check               exit code 1 if a connection is unprotected; with
                        --within, if one is not known to detect it in time;
                        also if nothing matches, or if nothing was found and
                        processes may not be read
  --json                every field; durations in milliseconds

Exit code 1 also if there is no such process, or if it belongs to another user.`,
}
