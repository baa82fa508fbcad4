/** Formats the findings of `doctor`. */
import type { Capability, KeepAlivePlan } from 'tcp-keepalive'
import { formatDuration } from '../settings/duration.ts'
import type { DoctorFindings, RegisterFindings } from './doctor-findings.ts'
import { type Paint, shortened, table, wrapped } from './terminal.ts'

export function doctorText(findings: DoctorFindings, paint: Paint): string {
  const { version, runtime, platform, binary, capabilities, system, register } = findings
  const { time, interval, retries, userTimeout } = capabilities
  return [
    ...table([
      ['tcp-keepalive', version],
      ['runtime', runtime],
      ['platform', platform],
      ['binary', binary.loaded ? paint.good('loaded') : paint.bad('cannot be used')],
    ]),
    ...(binary.path === undefined ? [] : [`  ${binary.path}`]),
    ...(binary.problem === undefined ? [] : [`  ${binary.problem}`]),
    '',
    paint.bold('What can be set here'),
    ...table([
      line('time', time, formatDuration),
      line('interval', interval, formatDuration),
      line('retries', retries, String),
      line('user timeout', userTimeout, formatDuration),
    ]),
    ...(system ? ['', ...systemLines(system, paint)] : []),
    '',
    paint.bold('What tcp-keepalive/register would do in this environment'),
    ...registerLines(register, binary.loaded, paint),
  ].join('\n')
}

function line(name: string, can: Capability, show: (value: number) => string): string[] {
  const range = can.settable ? `${show(can.min)} to ${show(can.max)}` : 'cannot be set'
  return [`  ${name}`, can.option, range]
}

function systemLines(
  { defaults, detectionIfOn }: NonNullable<DoctorFindings['system']>,
  paint: Paint,
): string[] {
  const { enabled, time = 0, interval = 0, retries = 0 } = defaults
  const sum = `  ${formatDuration(time)} + ${retries} × ${formatDuration(interval)}`
  const off = 'off: on an idle connection a dead peer is never noticed'
  return [
    paint.bold('The defaults of the system'),
    ...table([
      ['  keepalive', enabled ? paint.good('on') : paint.bad(off)],
      ['  when turned on', `a dead peer is noticed after ${formatDuration(detectionIfOn.idle)}`],
      ['', sum],
      ['  when writing', afterText(detectionIfOn.write)],
      ['  when connecting', afterText(detectionIfOn.connect)],
    ]),
  ]
}

function afterText(ms: number | undefined): string {
  return ms === undefined ? 'after a time that is not known on this system' : `after ${formatDuration(ms)}`
}

/** The width of the right column; the lines have 80 columns. */
const TEXT_WIDTH = 60

function registerLines(register: RegisterFindings, canBeUsed: boolean, paint: Paint): string[] {
  const { variables, required, off, problem, plan } = register
  const set = Object.entries(variables).map(([name, text]) => `${name}=${text}`)
  const failure = problem ?? (canBeUsed ? undefined : 'the binary cannot be used')
  const otherwise = required ? 'is stopped' : 'runs unprotected'
  const isInstalled = plan !== undefined && failure === undefined
  return [
    ...table([
      ...(set.length === 0 ? ['none is set'] : set).map((text, index) => [
        index === 0 ? '  variables' : '',
        shortened(text, TEXT_WIDTH),
      ]),
      ...(off ? [['  result', paint.doubtful('nothing, as it is switched off')]] : []),
      ...(failure === undefined || off ? [] : [['  result', paint.bad(`the program ${otherwise}`)]]),
      ...(isInstalled ? planRows(plan, register) : []),
    ]),
    ...(failure === undefined || off ? [] : wrapped(failure)),
  ]
}

function planRows(
  { settings, detection, tolerates }: KeepAlivePlan,
  { variables, match, accepted, reach }: RegisterFindings,
): string[][] {
  const { time = 0, interval = 0, retries = 0, userTimeout = 0 } = settings
  const limit = userTimeout === 0 ? 'no user timeout' : `user timeout ${formatDuration(userTimeout)}`
  return [
    ['  values', `${formatDuration(time)} + ${retries} × ${formatDuration(interval)}, ${limit}`],
    ...(isPartial(variables) ? [['', 'drivers may set those that no variable sets']] : []),
    ['  when waiting', `a dead peer is noticed after ${formatDuration(detection.idle)}`],
    ['', `a living one${survivedText(tolerates.idle).slice(1)}`],
    ['  when writing', afterText(detection.write) + survivedText(tolerates.write)],
    ['  when connecting', afterText(detection.connect) + survivedText(tolerates.connect)],
    ...reachRows(reach),
    ['  peers', match === undefined ? 'all' : shortened(match.join(', '), TEXT_WIDTH)],
    ...(accepted === undefined ? [] : [['  accepted', acceptedText(accepted)]]),
  ]
}

/** Whether some of the four values are set, and others are not. */
function isPartial(variables: RegisterFindings['variables']): boolean {
  const set = FOUR_VALUES.filter((name) => name in variables)
  return set.length > 0 && set.length < FOUR_VALUES.length && !('TCP_KEEPALIVE_DETECT_WITHIN' in variables)
}

const FOUR_VALUES = ['TIME', 'INTERVAL', 'RETRIES', 'USER_TIMEOUT'].map((name) => `TCP_KEEPALIVE_${name}`)

function acceptedText(accepted: true | readonly number[]): string {
  const text = accepted === true ? 'all accepted connections' : `accepted at port ${accepted.join(', ')}`
  return shortened(text, TEXT_WIDTH)
}

function reachRows(reach: RegisterFindings['reach']): string[][] {
  const inherits = 'child process that inherits the option'
  if (reach === 'thread') {
    return [
      ['  reach', 'outgoing connections of JavaScript, in every thread and'],
      ['', inherits],
    ]
  }
  return [
    ['  reach', 'outgoing connections, in every thread and'],
    ['', inherits],
    ['', 'those not opened by JavaScript are found within 10 s, or a'],
    ['', 'tenth of the deadline, and get only the keepalive values'],
  ]
}

function survivedText(ms: number | undefined): string {
  return ms === undefined ? '' : `; survives an outage of ${formatDuration(ms)}`
}
