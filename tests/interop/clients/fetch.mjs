// Node's fetch with its defaults.
const [cas, rest, pair, bearer] = process.argv.slice(2);
const basic = `Basic ${Buffer.from(pair).toString("base64")}`;
const echo = JSON.stringify({ said: "x".repeat(40_000) });
const form = (fields) => new URLSearchParams(fields);

async function say(call, url, authorization, body, more = {}) {
  const headers = { Authorization: authorization };
  if (!(body instanceof URLSearchParams)) headers["Content-Type"] = "application/json";
  const response = await fetch(url, { method: "POST", headers, body, ...more });
  console.log(`${call}\t${response.status}\t${await response.text()}`);
}

await say("token", `${cas}/oauth/token`, basic, form({ grant_type: "client_credentials" }));
await say("introspect", `${cas}/oauth/introspect`, basic, form({ token: bearer }));
await say("check_token", `${cas}/oauth/check_token`, basic, form({ token: bearer }));
await say("echo", `${rest}/api/echo`, `Bearer ${bearer}`, echo);
const stream = new Blob([echo]).stream();
await say("chunked", `${rest}/api/echo`, `Bearer ${bearer}`, stream, { duplex: "half" });
