// Twilio's official Node library against the mock carriers.
//
// Reads MOCK_* from the environment; prints "all checks passed" and exits 0, or shows what failed.
// The library's base address is pointed at the mock, which answers as api.twilio.com would.
const assert = require("node:assert");
const twilio = require("twilio");

const { MOCK_BASE_URL, MOCK_ACCOUNT_SID, MOCK_AUTH_TOKEN, MOCK_FROM, MOCK_TO, MOCK_GATEWAY } = process.env;

function connect(token = MOCK_AUTH_TOKEN) {
  const client = twilio(MOCK_ACCOUNT_SID, token);
  client.api.baseUrl = MOCK_BASE_URL;
  return client;
}

async function refused(status, code, action) {
  await assert.rejects(action, (error) => {
    assert.deepStrictEqual([error.status, error.code], [status, code]);
    return true;
  });
}

async function until(what, test) {
  for (let n = 0; n < 200; n += 1) {
    if (await test()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`waited too long: ${what}`);
}

async function messages(client) {
  const sent = await client.messages.create({
    to: MOCK_TO, from: MOCK_FROM, body: "hello ñ & +", statusCallback: `${MOCK_GATEWAY}/cb`,
  });
  assert.match(sent.sid, /^SM[0-9a-f]{32}$/);
  assert.strictEqual(sent.status, "queued");
  assert.ok(sent.dateCreated instanceof Date && !Number.isNaN(sent.dateCreated.getTime()));
  await until("delivered", async () => (await client.messages(sent.sid).fetch()).status === "delivered");
  const fetched = await client.messages(sent.sid).fetch();
  assert.strictEqual(fetched.body, "hello ñ & +");
  assert.ok(fetched.dateSent instanceof Date);
  assert.strictEqual((await client.messages(sent.sid).update({ body: "" })).body, "");
  for (let n = 0; n < 7; n += 1) {
    await client.messages.create({ to: MOCK_TO, from: MOCK_FROM, body: String(n) });
  }
  const dateSentAfter = new Date(Date.now() - 86400000);
  const listed = await client.messages.list({ to: MOCK_TO, dateSentAfter, pageSize: 3 });
  assert.strictEqual(new Set(listed.map((message) => message.sid)).size, 8);
  assert.strictEqual(await client.messages(sent.sid).remove(), true);
  await refused(404, 20404, () => client.messages(sent.sid).fetch());
  await refused(400, 21211, () => client.messages.create({ to: "+15005550001", from: MOCK_FROM, body: "x" }));
  await refused(400, 21610, () => client.messages.create({ to: "+15005550004", from: MOCK_FROM, body: "x" }));
  await refused(401, 20003, () => connect("wrong").messages.create({ to: MOCK_TO, from: MOCK_FROM, body: "x" }));
}

async function calls(client) {
  const call = await client.calls.create({
    to: MOCK_TO, from: MOCK_FROM, url: `${MOCK_GATEWAY}/twiml`, statusCallback: `${MOCK_GATEWAY}/status`,
    statusCallbackEvent: ["initiated", "ringing", "answered", "completed"], machineDetection: "Enable",
  });
  assert.match(call.sid, /^CA[0-9a-f]{32}$/);
  await until("completed", async () => (await client.calls(call.sid).fetch()).status === "completed");
  const ended = await client.calls(call.sid).fetch();
  assert.strictEqual(ended.answeredBy, "human");
  assert.ok(ended.startTime instanceof Date && ended.endTime instanceof Date);
  const recordings = await client.calls(call.sid).recordings.list();
  assert.strictEqual(recordings.length, 1);
  assert.strictEqual(await client.recordings(recordings[0].sid).remove(), true);
  assert.strictEqual(await client.calls(call.sid).remove(), true);
  await refused(400, 21205, () => client.calls.create({ to: MOCK_TO, from: MOCK_FROM, url: "nowhere" }));
}

async function signatures() {
  const hooks = await (await fetch(`${MOCK_BASE_URL}/control/webhooks`)).json();
  const posts = hooks.filter((hook) => hook.method === "POST");
  assert.ok(posts.length >= 4);
  for (const hook of posts) {
    const params = Object.fromEntries(hook.params);
    assert.ok(twilio.validateRequest(MOCK_AUTH_TOKEN, hook.signature, hook.url, params), hook.url);
    assert.ok(!twilio.validateRequest("wrong", hook.signature, hook.url, params));
  }
}

(async () => {
  const client = connect();
  await messages(client);
  await calls(client);
  await signatures();
  console.log("all checks passed");
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
