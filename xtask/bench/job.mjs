// What the peers written for Node share: a job of an obligation's size, its one request, and the five commands that the bench gives.
//
// prepare URL | enqueue URL COUNT BATCH BESIDE FIRST | work URL SINK BESIDE | click URL COUNT GAP_MS | left URL
// Each prints one line of JSON; `work` prints it when it is ready and works until SIGTERM.

import http from "node:http";

// About what an obligation's row has in JSON.
const FILL = "x".repeat(700);

export const payload = (key) => ({ key, fill: FILL });

const micros = () => Math.round((performance.timeOrigin + performance.now()) * 1000);

// One POST to the sink on a kept connection; anything but 200 is an error, so that the queue would try again.
export function requester(sink, beside) {
  const base = new URL(sink);
  const agent = new http.Agent({ keepAlive: true, maxSockets: beside });
  return (data) =>
    new Promise((resolve, reject) => {
      const body = JSON.stringify(data);
      const options = {
        agent, method: "POST", host: base.hostname, port: base.port, path: `/job/${data.key}`,
        headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
      };
      const request = http.request(options, (answer) => {
        answer.resume();
        answer.on("end", () => (answer.statusCode === 200 ? resolve() : reject(new Error(`status ${answer.statusCode}`))));
      });
      request.on("error", reject);
      request.end(body);
    });
}

const say = (value) => console.log(JSON.stringify(value));

// `open(url)` gives { one(key, urgent), many(keys), left(), close() }; `prepare(url)` makes the tables; `work(url, request, beside)` begins.
export async function run({ prepare, open, work }) {
  const [command, url, ...rest] = process.argv.slice(2);
  if (command === "prepare") {
    await prepare(url);
    say({});
    process.exit(0);
  }
  if (command === "work") {
    const [sink, beside] = [rest[0], Number(rest[1])];
    const end = await work(url, requester(sink, beside), beside);
    process.on("SIGTERM", async () => {
      await end();
      process.exit(0);
    });
    say({ ready: true });
    return;
  }
  const queue = await open(url);
  if (command === "enqueue") {
    const [count, batch, beside, from] = rest.map(Number);
    let next = 0;
    const began = performance.now();
    const lane = async () => {
      while (next < count) {
        const first = next;
        next = Math.min(count, first + batch);
        const keys = Array.from({ length: next - first }, (_, n) => `${from + first + n}`);
        await (batch === 1 ? queue.one(keys[0], false) : queue.many(keys));
      }
    };
    await Promise.all(Array.from({ length: beside }, lane));
    say({ seconds: (performance.now() - began) / 1000 });
  } else if (command === "click") {
    const [count, gap] = rest.map(Number);
    await queue.one("warm", true);
    const sent = [];
    for (let n = 0; n < count; n += 1) {
      await new Promise((resolve) => setTimeout(resolve, gap));
      sent.push(micros());
      await queue.one(`click-${n}`, true);
    }
    say({ sent_us: sent });
  } else if (command === "left") {
    say({ left: await queue.left() });
  }
  await queue.close();
  process.exit(0);
}
