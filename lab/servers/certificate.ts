/** A certificate for localhost. Each run makes a new one. */
import { generate } from 'selfsigned'

const localhost = [
  { type: 2, value: 'localhost' },
  { type: 7, ip: '127.0.0.1' },
] as const
const made = await generate([{ name: 'commonName', value: 'localhost' }], {
  keyType: 'ec',
  algorithm: 'sha256', // by default SHA-1, which RabbitMQ refuses
  extensions: [{ name: 'subjectAltName', altNames: [...localhost] }],
})

export const certificate: { key: string; cert: string } = { key: made.private, cert: made.cert }
