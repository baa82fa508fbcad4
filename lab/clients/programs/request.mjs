import { once } from 'node:events'
import { text } from 'node:stream/consumers'

/** A request of http or https, with its answer read to the end, so that the socket goes back to the agent. */
export async function request(module, options) {
  const sent = module.get(options)
  const [response] = await once(sent, 'response')
  await text(response)
}
