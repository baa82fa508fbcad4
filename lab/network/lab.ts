import { startCapture, type Capture, type CaptureOptions } from './capture.ts'
import { faultRules, forgetRules, forgetSettings, noFaults, type Faults } from './faults.ts'
import { Host } from './host.ts'
import { type EndName, forwardScript, hostScript, links, plugScript } from './links.ts'
import { openUserNamespace, type UserNamespace } from './namespaces.ts'

/** Three hosts in a row: client, router, server. The router can lose or reject packets. */
export class Lab {
  readonly client: Host
  readonly router: Host
  readonly server: Host
  readonly #user: UserNamespace
  #faults: Faults = noFaults
  #isMiddlebox = false

  private constructor(user: UserNamespace, client: Host, router: Host, server: Host) {
    this.#user = user
    this.client = client
    this.router = router
    this.server = server
  }

  static async open(): Promise<Lab> {
    const user = await openUserNamespace()
    const opened = await Promise.allSettled([
      Host.open('client', links.client, user),
      Host.open('router', { address: links.client.router, address6: links.client.router6 }, user),
      Host.open('server', links.server, user),
    ])
    const hosts = opened.flatMap((host) => (host.status === 'fulfilled' ? [host.value] : []))
    const [client, router, server] = hosts
    try {
      if (!client || !router || !server) throw opened.find((host) => host.status === 'rejected')?.reason
      await router.configure(forwardScript)
      const lab = new Lab(user, client, router, server)
      await Promise.all([lab.#plug('client'), lab.#plug('server')])
      return lab
    } catch (error) {
      await Promise.all([...hosts.map((host) => host.end()), user?.end()])
      throw error
    }
  }

  /** The router silently drops everything, like a pulled cable or a firewall. */
  async cut(): Promise<void> {
    await this.#apply({ cut: true })
  }

  /** The router drops everything, and answers the client with ICMP "host unreachable". */
  async unreachable(): Promise<void> {
    await this.#apply({ unreachable: true })
  }

  /** The router randomly loses this percentage of the packets, in each direction. 0: none. */
  async lose(percent: number): Promise<void> {
    if (!(percent >= 0 && percent <= 100)) throw new RangeError('percent must be 0 to 100')
    await this.#apply({ lossPercent: percent })
  }

  /** The router silently drops what this host sends. The host still receives. */
  async mute(host: EndName): Promise<void> {
    await this.#apply({ muted: host })
  }

  /** Undoes cut, unreachable, mute and lose. */
  async heal(): Promise<void> {
    await this.#apply(noFaults)
  }

  /**
   * The router becomes a middlebox: it translates the client's address, and forgets a connection after so many whole seconds
   * without a packet. Then it silently drops the connection's packets. It also drops those of connections from before the call.
   * This cannot be undone. A later call changes the seconds, for each connection from its next packet on.
   */
  async forget(seconds: number): Promise<void> {
    if (!(Number.isInteger(seconds) && seconds >= 1)) throw new RangeError('seconds must be 1 or more, whole')
    const settings = Object.entries(forgetSettings(seconds))
    const set = settings.map(([name, value]) => `echo ${value} > /proc/sys/net/${name}`).join('\n')
    // The settings only exist after the rules have made the kernel track connections.
    const rules = this.#isMiddlebox ? '' : `nft -f - <<'RULES'\n${forgetRules}\nRULES\n`
    await this.router.configure(rules + set)
    this.#isMiddlebox = true
  }

  /**
   * The server loses its power and starts again. Its programs are killed, and their peers get no packet. A new machine with the same
   * addresses answers the packets of old connections with RST. A cut stays.
   */
  async reboot(): Promise<void> {
    // First the cable, with both ends, because the kernel sends FIN for killed programs.
    await this.router.configure('ip link delete server')
    await this.server.restart()
    await this.#plug('server')
  }

  /** Records packets; resolves when the recording runs. */
  async capture(options: CaptureOptions = {}): Promise<Capture> {
    const host = this[options.host ?? 'client']
    return startCapture(host, host.name === 'router' ? 'client' : 'eth0', options)
  }

  async close(): Promise<void> {
    await Promise.all([this.client.end(), this.router.end(), this.server.end()])
    await this.#user?.end()
  }

  async #plug(name: EndName): Promise<void> {
    await this.router.configure(`ip link add ${name} type veth peer name eth0 netns ${this[name].pid}`)
    await this[name].configure(hostScript(links[name]))
    await this.router.configure(plugScript(name, links[name]))
  }

  async #apply(change: Partial<Faults>): Promise<void> {
    this.#faults = { ...this.#faults, ...change }
    await this.router.configure(`nft -f - <<'RULES'\n${faultRules(this.#faults)}RULES\n`)
  }
}

/** Opens a laboratory, and closes it after its use, also after an error. */
export async function withLab<T>(use: (lab: Lab) => Promise<T>): Promise<T> {
  const lab = await openLab()
  try {
    return await use(lab)
  } finally {
    await lab.close()
  }
}

/** Opens a laboratory. It is closed when the test `t` ends. Several can be open at the same time. */
export async function openLab(t?: { teardown(close: () => Promise<void>): void }): Promise<Lab> {
  const lab = await Lab.open()
  t?.teardown(() => lab.close())
  return lab
}
