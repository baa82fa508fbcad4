/** The links of the three hosts: addresses, and the shell scripts that set them. */

export type EndName = 'client' | 'server'
export type HostName = EndName | 'router'

export interface Addresses {
  readonly address: string
  readonly address6: string
}

interface Ends extends Addresses {
  /** The router's addresses on this link. */
  readonly router: string
  readonly router6: string
}

/** The router's interface on a link has the name of the host at the other end. The host's interface is eth0. */
export const links: Record<EndName, Ends> = {
  client: { address: '10.9.1.1', address6: 'fd09:1::1', router: '10.9.1.254', router6: 'fd09:1::fe' },
  server: { address: '10.9.2.1', address6: 'fd09:2::1', router: '10.9.2.254', router6: 'fd09:2::fe' },
}

/** For the router: it forwards, and does not answer for a host without a cable (by default: "no route"). */
export const forwardScript: string = `
  ip link set lo up
  echo 1 > /proc/sys/net/ipv4/ip_forward
  ip route add blackhole 10.9.0.0/16
  if [ -d /proc/sys/net/ipv6 ]; then
    echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
    ip -6 route add blackhole fd09::/16
  fi`

/** For a host: its addresses, and the router as its default route. */
export function hostScript({ address, address6, router, router6 }: Ends): string {
  return `
    ip link set lo up
    ${interfaceScript('eth0', address, address6, 1)}
    ip route add default via ${router}
    if [ -d /proc/sys/net/ipv6 ]; then
      ip -6 route add default via ${router6}
    fi`
}

/** For the router: its addresses on the cable to a host. Then packets pass. */
export function plugScript(host: EndName, { router, router6 }: Ends): string {
  return `
    ${interfaceScript(host, router, router6, 2)}
    until ip -o link show dev ${host} | grep -q 'state UP'; do sleep 0.01; done`
}

// IPv6 finds its neighbours with link-local addresses. All addresses are set here without duplicate address detection, which
// makes an address unusable for its first second.
function interfaceScript(name: string, address: string, address6: string, number: number): string {
  return `
    ip address add ${address}/24 dev ${name}
    if [ -d /proc/sys/net/ipv6 ]; then
      ip link set ${name} addrgenmode none
      ip address add fe80::${number}/64 dev ${name} nodad
      ip address add ${address6}/64 dev ${name} nodad
    fi
    ip link set ${name} up`
}
