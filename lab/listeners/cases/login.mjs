/**
 * Clients whose servers cannot be started here: they have connected, and wait for the answer of a server that records alone.
 * What a case says is described in case.ts.
 */

/** No client gives up by itself before the cable is cut. */
const LONG = 600_000

const at = ({ host, ports }) => `${host}:${ports.recording}`

export default {
  'cassandra-driver: `new Client()`': {
    package: 'cassandra-driver',
    isLogin: true,
    open({ Client }, where) {
      const client = new Client({
        contactPoints: [at(where)],
        localDataCenter: 'datacenter1',
        socketOptions: { connectTimeout: LONG, readTimeout: LONG },
      })
      return { call: () => client.connect() }
    },
  },
  'kafkajs: `new Kafka()`': {
    package: 'kafkajs',
    isLogin: true,
    open({ Kafka }, where) {
      const kafka = new Kafka({
        brokers: [at(where)],
        logLevel: 0,
        retry: { retries: 0 },
        requestTimeout: LONG,
        connectionTimeout: LONG,
      })
      return { call: () => kafka.admin().connect() }
    },
  },
  'mongodb: `new MongoClient()`': {
    package: 'mongodb',
    isLogin: true,
    open({ MongoClient }, where) {
      const client = new MongoClient(`mongodb://${at(where)}/`, {
        connectTimeoutMS: LONG,
        serverSelectionTimeoutMS: LONG,
      })
      return { call: () => client.connect() }
    },
  },
  'tedious: `new Connection()`': {
    package: 'tedious',
    isLogin: true,
    listener: "`connection.on('error', …)`, once it has logged in",
    open({ Connection }, { host, ports }, listen) {
      const options = { port: ports.recording, encrypt: false, connectTimeout: LONG }
      const authentication = { type: 'default', options: { userName: 'test', password: 'test' } }
      const connection = listen(new Connection({ server: host, authentication, options }))
      return {
        call: () =>
          new Promise((resolve, reject) =>
            connection.connect((error) => (error ? reject(error) : resolve())),
          ),
      }
    },
  },
}
