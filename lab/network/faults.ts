import { links, type EndName } from './links.ts'

/** What the router does to the packets it forwards. */
export interface Faults {
  /** It silently drops everything. */
  readonly cut: boolean
  /** It drops everything, and answers the client with ICMP. */
  readonly unreachable: boolean
  /** It silently drops what this host sends. */
  readonly muted: EndName | undefined
  /** It randomly loses this percentage of the packets, in each direction. */
  readonly lossPercent: number
}

export const noFaults: Faults = { cut: false, unreachable: false, muted: undefined, lossPercent: 0 }

/** The nftables program for these faults. It replaces the previous one. */
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
 * The nftables program of a middlebox that translates addresses, and drops packets that belong to no known flow.
 * {@link forgetSettings} set how soon it forgets a flow. The rules name the addresses, because `masquerade` forgets all flows when
 * a cable is removed (nf_nat_masquerade.c, masq_device_event). Then the RST of a restarted server would not arrive.
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
    // By default, the kernel starts a new flow with any packet of an unknown flow.
    'netfilter/nf_conntrack_tcp_loose': 0,
  }
}

// The kernel applies this as one transaction, so there is no moment without rules.
function table(name: string, body: string): string {
  return `table inet ${name}
delete table inet ${name}
table inet ${name} {
    ${body}
}
`
}
