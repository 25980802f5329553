// pg-boss as its documentation tunes it for a high rate and a quick start: LISTEN/NOTIFY on, batches fetched continuously while they
// come back full, each job settled by its own result.

import { PgBoss } from "pg-boss";
import pg from "pg";
import { payload, run } from "./job.mjs";

const QUEUE = "obligations";
// Workers in one process; each fetches a batch, and both batches together are as many requests as the gateway has under way.
const WORKERS = 2;

async function started(connectionString, options = {}) {
  const boss = new PgBoss({ connectionString, max: 34, ...options });
  boss.on("error", (error) => console.error(error.message));
  await boss.start();
  return boss;
}

// Those that only enqueue neither maintain nor schedule.
const quiet = { supervise: false, schedule: false };

await run({
  async prepare(url) {
    const boss = await started(url);
    await boss.createQueue(QUEUE, { notify: true });
    await boss.stop({ graceful: false });
  },
  async open(url) {
    const boss = await started(url, quiet);
    return {
      one: (key, urgent) => boss.send(QUEUE, payload(key), { priority: urgent ? 10 : 0 }),
      many: (keys) => boss.insert(QUEUE, keys.map((key) => ({ data: payload(key) }))),
      async left() {
        const client = new pg.Client({ connectionString: url });
        await client.connect();
        const { rows } = await client.query("SELECT count(*)::int AS n FROM pgboss.job WHERE name = $1 AND state < 'completed'", [QUEUE]);
        await client.end();
        return rows[0].n;
      },
      close: () => boss.stop({ graceful: false }),
    };
  },
  async work(url, request, beside) {
    const boss = await started(url, { useListenNotify: true });
    const options = {
      batchSize: beside / WORKERS, localConcurrency: WORKERS, pollingIntervalSeconds: 0.5, burstWhenBatchFull: true, perJobResults: true,
    };
    await boss.work(QUEUE, options, (jobs) =>
      Promise.all(
        jobs.map((job) =>
          request(job.data).then(
            () => ({ id: job.id, status: "completed" }),
            (error) => ({ id: job.id, status: "failed", output: { message: error.message } }),
          ),
        ),
      ),
    );
    return () => boss.stop();
  },
});
