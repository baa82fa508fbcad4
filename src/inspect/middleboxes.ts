/** After how long middleboxes forget an idle connection. */

export interface Middlebox {
  readonly name: string
  /** Milliseconds of silence, by default. */
  readonly forgetsAfter: number
  readonly source: string
}

/** The soonest first. */
export const MIDDLEBOXES: readonly Middlebox[] = [
  {
    name: 'Azure Load Balancer',
    forgetsAfter: 240_000,
    source: 'https://learn.microsoft.com/azure/load-balancer/load-balancer-tcp-idle-timeout',
  },
  {
    name: 'Azure NAT Gateway',
    forgetsAfter: 240_000,
    source: 'https://learn.microsoft.com/azure/nat-gateway/nat-gateway-resource',
  },
  {
    name: 'AWS Network Load Balancer',
    forgetsAfter: 350_000,
    source: 'https://docs.aws.amazon.com/elasticloadbalancing/latest/network/network-load-balancers.html',
  },
  {
    name: 'AWS NAT gateway',
    forgetsAfter: 350_000,
    source: 'https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html',
  },
  {
    name: 'Google Cloud firewall',
    forgetsAfter: 600_000,
    source: 'https://cloud.google.com/firewall/docs/firewalls',
  },
  {
    name: 'Google Cloud NAT',
    forgetsAfter: 1_200_000,
    source: 'https://cloud.google.com/nat/docs/tune-nat-configuration',
  },
]
