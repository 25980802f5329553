// Signs webhooks with Twilio's own Node library: reads JSON lines {url, token, params} and prints one signature a line.
const readline = require("node:readline");
const twilio = require("twilio");

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const { url, token, params } = JSON.parse(line);
  const grouped = {};
  for (const [key, value] of params) {
    grouped[key] = key in grouped ? [].concat(grouped[key], value) : value;
  }
  console.log(twilio.getExpectedTwilioSignature(token, url, grouped));
});
