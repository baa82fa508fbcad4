/**
 * Clients whose servers cannot be started here. They have connected, and wait for the answer of a server that accepts everything and
 * answers nothing. case.ts describes the fields.
 */

/** No client gives up by itself before the cable is cut. */
const LONG = 600_000

export default {
  'cassandra-driver: `new Client()`': {
    program: 'cassandra-driver',
    options: { connectTimeout: LONG, readTimeout: LONG },
    isLogin: true,
  },
  'kafkajs: `new Kafka()`': {
    program: 'kafkajs',
    options: { requestTimeout: LONG, connectionTimeout: LONG },
    isLogin: true,
  },
  'mongodb: `new MongoClient()`': {
    program: 'mongodb',
    options: { connectTimeoutMS: LONG, serverSelectionTimeoutMS: LONG },
    isLogin: true,
  },
  'tedious: `new Connection()`': {
    package: 'tedious',
    isLogin: true,
    listener: "`connection.on('error', …)`, once it has logged in",
    open({ Connection }, { host, ports }, listen) {
      const options = { port: ports.recording, encrypt: false, connectTimeout: LONG }
      const authentication = { type: 'default', options: { userName: 'test', password: 'test' } }
      const connection = listen(new Connection({ server: host, authentication, options }))
      return () =>
        new Promise((resolve, reject) => connection.connect((error) => (error ? reject(error) : resolve())))
    },
  },
}
