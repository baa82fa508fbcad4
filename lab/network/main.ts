/** `npm run lab`: a network laboratory that a person controls by lines of input. */
import { createInterface } from 'node:readline'
import { runCommand } from '../command.ts'
import { type Lab, withLab } from './lab.ts'
import { labUnavailable } from './requirements.ts'

const help = `
  cut            the router silently drops everything
  unreachable    the router drops everything, and answers with ICMP
  mute HOST      the router silently drops what the client or the server sends
  lose PERCENT   the router randomly loses packets
  heal           undo the four above
  reboot         the server restarts
  forget SECONDS the router becomes a middlebox that forgets silent connections
  hosts          how to enter the hosts (the server's line changes with a reboot)
  quit           close the laboratory
`

const usage = `npm run lab

Opens a network laboratory, client - router - server, until "quit" or the end of the input.
It prints the lines with which other terminals enter its hosts. Its commands are:
${help}`

function printHosts({ client, router, server }: Lab): void {
  for (const { name, address, address6, entry } of [client, router, server]) {
    console.log(`\n${name}  ${address}  ${address6}\n  ${entry.join(' ')} bash`)
  }
}

async function obey(lab: Lab, word: string, argument: string): Promise<void> {
  if (word === 'cut' || word === 'unreachable' || word === 'heal' || word === 'reboot') await lab[word]()
  else if (word === 'lose' || word === 'forget') await lab[word](Number(argument || Number.NaN))
  else if (word === 'mute' && (argument === 'client' || argument === 'server')) await lab.mute(argument)
  else if (word !== 'hosts') throw new Error(help)
  if (word === 'hosts' || word === 'reboot') printHosts(lab)
  console.log(`${word}: done`)
}

await runCommand(usage, {}, async () => {
  const reason = await labUnavailable()
  if (reason !== undefined) throw new Error(reason)
  await withLab(async (lab) => {
    printHosts(lab)
    console.log(help)
    const input = createInterface({ input: process.stdin, output: process.stdout, prompt: 'lab> ' })
    input.prompt()
    for await (const line of input) {
      const [word = '', argument = ''] = line.trim().split(/\s+/)
      if (word === 'quit') break
      if (word !== '') await obey(lab, word, argument).catch((error: Error) => console.log(error.message))
      input.prompt()
    }
  })
})
