// Verify JWTs with Node's own crypto and the published key set: verify.mjs CAS TOKEN...
import { createPublicKey, verify } from "node:crypto";

const [cas, ...tokens] = process.argv.slice(2);
const { keys } = await (await fetch(`${cas}/oauth/jwks`)).json();
const json = (part) => JSON.parse(Buffer.from(part, "base64url"));

for (const token of tokens) {
  const [head, body, signature] = token.split(".");
  const { alg, kid } = json(head);
  const key = createPublicKey({ key: keys.find((one) => one.kid === kid), format: "jwk" });
  const digest = alg === "EdDSA" ? null : "sha256";
  const options = alg === "ES256" ? { key, dsaEncoding: "ieee-p1363" } : key;
  const good = verify(digest, Buffer.from(`${head}.${body}`), options, Buffer.from(signature, "base64url"));
  console.log(`${alg}\t${good}\t${json(body).sub}`);
}
