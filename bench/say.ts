/** Prints a program's results, a line of JSON each. With names on the command line it measures only these. */
const wanted = process.argv.slice(2)

export async function say(name: string, measure: () => object | Promise<object>): Promise<void> {
  if (wanted.length > 0 && !wanted.includes(name)) return
  console.log(JSON.stringify({ name, ...(await measure()) }))
}
