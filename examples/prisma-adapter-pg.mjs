/** Prisma over a driver adapter: it takes the driver's pool, here the one of pg.mjs. Without one see docs/drivers.md. */
import { PrismaPg } from '@prisma/adapter-pg'
import { connect as connectPool } from './pg.mjs'

export function connect(config) {
  return new PrismaPg(connectPool(config)) // to be given to Prisma: new PrismaClient({ adapter })
}
