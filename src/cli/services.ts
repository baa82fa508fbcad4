/** The services that usually listen on a port: databases, queues and caches. */

/** From the documentation of each service; IANA's registry has most of them. */
const SERVICES: Readonly<Record<number, string>> = {
  1433: 'SQL Server',
  1521: 'Oracle',
  1883: 'MQTT',
  2181: 'ZooKeeper',
  2379: 'etcd',
  3306: 'MySQL',
  4222: 'NATS',
  5432: 'PostgreSQL',
  5433: 'PostgreSQL',
  5672: 'AMQP',
  6379: 'Redis',
  6380: 'Redis',
  6432: 'PgBouncer',
  7687: 'Neo4j',
  8123: 'ClickHouse',
  8883: 'MQTT',
  9000: 'ClickHouse',
  9042: 'Cassandra',
  9092: 'Kafka',
  9200: 'Elasticsearch',
  11_211: 'memcached',
  26_257: 'CockroachDB',
  27_017: 'MongoDB',
  33_060: 'MySQL',
}

export function serviceOn(port: number): string | undefined {
  return SERVICES[port]
}
