import { links, type EndName } from './links.ts'

/** What the router does to the packets it forwards. */
export interface Faults {
  /** Nothing passes, and nobody is told. */
  readonly cut: boolean
  /** Nothing passes, and whoever writes to the server is told so by ICMP. */
  readonly unreachable: boolean
  /** Nothing passes that this host sends, while it goes on hearing the other; nobody is told. */
  readonly muted: EndName | undefined
  /** So many of a hundred packets are lost at random, in each direction. */
  readonly lossPercent: number
}

export const noFaults: Faults = { cut: false, unreachable: false, muted: undefined, lossPercent: 0 }

/** The nftables program for these faults; it replaces the one before as a whole. */
export function faultRules(faults: Faults): string {
  const rules = [
    faults.cut && 'drop',
    faults.unreachable && 'iifname "client" reject with icmpx host-unreachable',
    faults.unreachable && 'drop',
    faults.muted && `iifname "${faults.muted}" drop`,
    faults.lossPercent > 0 && `numgen random mod 10000 < ${Math.round(faults.lossPercent * 100)} drop`,
  ]
  return table(
    'faults',
    `chain forward {
      type filter hook forward priority filter
      ${rules.filter(Boolean).join('\n      ')}
    }`,
  )
}

/**
 * The nftables program of a middlebox that translates addresses and forgets a flow: what then arrives of it
 * belongs to no flow that the box knows, and is dropped. How soon it forgets is {@link forgetSettings}. The addresses are
 * named because `masquerade` forgets all flows as soon as a cable is pulled (nf_nat_masquerade.c, masq_device_event),
 * which would keep a server's restart from being noticed by its RST.
 */
export const forgetRules: string = table(
  'middlebox',
  `chain admit {
      type filter hook forward priority filter - 1
      ct state invalid drop
      ct state new tcp flags & (fin | syn | rst | ack) != syn drop
    }
    chain translate {
      type nat hook postrouting priority srcnat
      oifname "server" snat ip to ${links.server.router}
      oifname "server" snat ip6 to ${links.server.router6}
    }`,
)

/** The kernel's settings under net/ for a middlebox that forgets a flow after `seconds` without a packet. */
export function forgetSettings(seconds: number): Record<string, number> {
  return {
    'netfilter/nf_conntrack_tcp_timeout_established': seconds,
    // Without this the kernel takes a packet from the middle of an unknown flow for a flow's beginning.
    'netfilter/nf_conntrack_tcp_loose': 0,
  }
}

// The kernel takes this as one transaction: there is no moment without rules in between.
function table(name: string, body: string): string {
  return `table inet ${name}
delete table inet ${name}
table inet ${name} {
    ${body}
}
`
}
