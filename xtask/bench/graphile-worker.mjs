// graphile-worker as its documentation tunes it for a high rate: a local queue that is a little longer than the concurrency, and
// completions of the same moment in one statement.

import { makeWorkerUtils, run as runWorker, runMigrations, Logger } from "graphile-worker";
import pg from "pg";
import { payload, run } from "./job.mjs";

const TASK = "obligation";
const logger = new Logger(() => (level, message) => (level === "error" ? console.error(message) : undefined));

await run({
  prepare: (url) => runMigrations({ connectionString: url, logger }),
  async open(url) {
    const pool = new pg.Pool({ connectionString: url, max: 34 });
    pool.on("error", (error) => console.error(error.message));
    pool.on("connect", (client) => client.on("error", (error) => console.error(error.message)));
    const utils = await makeWorkerUtils({ pgPool: pool, logger });
    return {
      one: (key, urgent) => utils.addJob(TASK, payload(key), { priority: urgent ? -10 : 0 }),
      many: (keys) => utils.addJobs(keys.map((key) => ({ identifier: TASK, payload: payload(key) }))),
      left: async () => (await pool.query("SELECT count(*)::int AS n FROM graphile_worker.jobs")).rows[0].n,
      async close() {
        await utils.release();
        await pool.end();
      },
    };
  },
  async work(url, request, beside) {
    const runner = await runWorker({
      connectionString: url,
      noHandleSignals: true,
      logger,
      preset: { worker: { concurrentJobs: beside, maxPoolSize: beside + 2, localQueue: { size: beside + 1 }, completeJobBatchDelay: 0 } },
      taskList: { [TASK]: (data) => request(data) },
    });
    return () => runner.stop();
  },
});
