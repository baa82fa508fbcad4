/** Writes 2 MB to the given port, and exits once the kernel has taken them. Without `watched`, the kernel's own rule applies. */
import net from 'node:net'
import { putDeadline, watch } from './watching.ts'

const [port, rule] = process.argv.slice(2)
const socket = net.connect(Number(port), '127.0.0.1', () => {
  if (rule === 'watched') watch(socket, 5000)
  else putDeadline(socket, 5000)
  socket.write(Buffer.alloc(2 << 20), () => process.exit())
})
