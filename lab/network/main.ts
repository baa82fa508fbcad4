import { createInterface } from 'node:readline'

import { openLab, type Lab } from './lab.ts'
import type { EndName } from './links.ts'
import { labUnavailable } from './requirements.ts'

const help = `
  cut            the router forwards nothing, in silence
  unreachable    the router forwards nothing, and says so by ICMP
  mute HOST      what the client or the server sends is lost at the router, in silence
  lose PERCENT   the router loses packets at random
  heal           undo the four above
  reboot         the server restarts
  forget SECONDS the router becomes a middlebox that forgets silent connections
  hosts          how to enter the hosts (the server's line changes with a reboot)
  help           this list
  quit           close the laboratory
`

const usage = `npm run lab

Opens a network laboratory, client - router - server, and keeps it open until "quit" or the end of input.
Enter its hosts from other terminals with the lines it prints. On its standard input it takes:
${help}`

const commands: Record<string, (lab: Lab, word: string) => Promise<void> | void> = {
  cut: (lab) => lab.cut(),
  unreachable: (lab) => lab.unreachable(),
  mute: (lab, host) => lab.mute(endNamed(host)),
  lose: (lab, percent) => lab.lose(numberOf(percent)),
  heal: (lab) => lab.heal(),
  reboot: async (lab) => {
    await lab.reboot()
    printHosts(lab)
  },
  forget: (lab, seconds) => lab.forget(numberOf(seconds)),
  hosts: (lab) => printHosts(lab),
  help: () => console.log(help),
}

function numberOf(word: string): number {
  return word === '' ? Number.NaN : Number(word)
}

function endNamed(word: string): EndName {
  if (word !== 'client' && word !== 'server') throw new Error('mute client, or mute server')
  return word
}

function printHosts({ client, router, server }: Lab): void {
  for (const { name, address, address6, entry } of [client, router, server]) {
    console.log(`\n${name}  ${address}  ${address6}\n  ${entry.join(' ')} bash`)
  }
}

async function obey(lab: Lab, line: string): Promise<void> {
  const [word = '', argument = ''] = line.trim().split(/\s+/)
  if (word === '') return
  const command = Object.hasOwn(commands, word) ? commands[word] : undefined
  try {
    if (command === undefined) throw new Error(`unknown: ${word} (try "help")`)
    await command(lab, argument)
    console.log(`${word}: done`)
  } catch (error) {
    console.log(error instanceof Error ? error.message : error)
  }
}

async function main(): Promise<number> {
  if (process.argv.slice(2).some((word) => word === '--help' || word === '-h')) {
    console.log(usage)
    return 0
  }
  const reason = await labUnavailable()
  if (reason !== undefined) {
    console.error(reason)
    return 1
  }
  const lab = await openLab()
  try {
    await converse(lab)
  } finally {
    await lab.close()
  }
  return 0
}

async function converse(lab: Lab): Promise<void> {
  printHosts(lab)
  console.log(help)
  const input = createInterface({ input: process.stdin, output: process.stdout, prompt: 'lab> ' })
  input.prompt()
  for await (const line of input) {
    if (line.trim() === 'quit') break
    await obey(lab, line)
    input.prompt()
  }
}

process.exitCode = await main()
