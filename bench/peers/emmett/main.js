// Appends to fresh streams of an Emmett event store for a while: `node main.js CONNECTION CONCURRENCY SECONDS`.
// Prints one line of JSON.
import { randomUUID } from 'node:crypto'
import { performance } from 'node:perf_hooks'

import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql'
import pg from 'pg'

const TEXT = 'My order has not arrived yet, and the tracking page has said the same for three days.'
/** How long everybody works before the measured time begins, in seconds: code that has just been read is slow. */
const WARM_UP = 1

const [connection, concurrency, seconds] = process.argv.slice(2)
const pool = new pg.Pool({ connectionString: connection, max: Number(concurrency) })
const store = getPostgreSQLEventStore(connection, {
  schema: { autoMigration: 'None' },
  connectionOptions: { pooled: true, pool },
})
await store.schema.migrate()

/** One worker; answers how long each append took, in microseconds. */
const worker = async (until) => {
  const took = []
  while (performance.now() < until) {
    const begun = performance.now()
    const event = { type: 'MessagePosted', data: { text: TEXT } }
    // A number is checked; STREAM_DOES_NOT_EXIST is not, in this version.
    await store.appendToStream(`conversation-${randomUUID()}`, [event], { expectedStreamVersion: 0n })
    took.push(Math.round((performance.now() - begun) * 1000))
  }
  return took
}

/** All of them. */
const work = async (seconds) => {
  const until = performance.now() + seconds * 1000
  return (await Promise.all(Array.from({ length: Number(concurrency) }, () => worker(until)))).flat()
}

await work(WARM_UP)
const begun = performance.now()
const took = Float64Array.from(await work(Number(seconds))).sort()
const elapsed = (performance.now() - begun) / 1000
const percentile = (percent) => took[Math.min(Math.floor((took.length * percent) / 100), took.length - 1)]
console.log(JSON.stringify({ commands: took.length, seconds: elapsed, p50: percentile(50), p99: percentile(99) }))
await pool.end()
