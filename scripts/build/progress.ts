/** Says what is going on while something takes long: on one line of a terminal, else a line now and then. */
const EVERY_MS = 15_000

export interface Progress {
  /** The step that is being done now. */
  step(what: string): void
  /** Ends with a line that stays. */
  done(line: string): void
}

export function startProgress(title: string, output: NodeJS.WriteStream = process.stdout): Progress {
  const started = Date.now()
  let lastWritten = started
  output.write(output.isTTY ? title : `${title} …\n`)
  return {
    step(what): void {
      const line = `${title}: ${what} (${secondsSince(started)})`
      if (output.isTTY) {
        output.write(`\r\u001B[K${line.slice(0, output.columns - 1)}`)
      } else if (Date.now() - lastWritten > EVERY_MS) {
        output.write(`${line}\n`)
        lastWritten = Date.now()
      }
    },
    done(line): void {
      output.write(`${output.isTTY ? '\r\u001B[K' : ''}${title}: ${line} (${secondsSince(started)})\n`)
    },
  }
}

function secondsSince(started: number): string {
  return `${Math.round((Date.now() - started) / 1000)} s`
}
