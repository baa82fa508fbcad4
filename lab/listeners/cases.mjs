/** Every object of a client library that a program may hold, in the order of docs/drivers.md. */
import brokers from './cases/brokers.mjs'
import login from './cases/login.mjs'
import mariadb from './cases/mariadb.mjs'
import { layers, postgres } from './cases/postgres.mjs'
import redis from './cases/redis.mjs'
import web from './cases/web.mjs'

export const allCases = { ...postgres, ...mariadb, ...redis, ...brokers, ...web, ...login, ...layers }
