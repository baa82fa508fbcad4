/** How the findings of `doctor` look. */
import type { Capability } from 'tcp-keepalive'
import { formatDuration } from '../settings/duration.ts'
import type { DoctorFindings } from './doctor-findings.ts'
import { type Paint, table } from './terminal.ts'

export function doctorText(findings: DoctorFindings, paint: Paint): string {
  const { version, runtime, platform, binary, capabilities, system } = findings
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
    paint.bold('What the system does unasked'),
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
  return ms === undefined ? 'by rules of the system that are not known here' : `after ${formatDuration(ms)}`
}
