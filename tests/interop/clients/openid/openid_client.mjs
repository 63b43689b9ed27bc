// A confidential client by openid-client, with every check that it has.
import * as client from 'openid-client'
import { finish, opened } from './talk.mjs'

const [issuer, id, secret, redirect, loggedOut] = process.argv.slice(2)
const config = await client.discovery(
  new URL(issuer), id, {}, client.ClientSecretBasic(secret),
  { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] }
)
const seen = {}

async function login (more = {}) {
  const verifier = client.randomPKCECodeVerifier()
  const [state, nonce] = [client.randomState(), client.randomNonce()]
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: redirect,
    scope: 'openid profile email',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
    max_age: '3600',
    ...more
  })
  return client.authorizationCodeGrant(config, await opened(url), {
    pkceCodeVerifier: verifier,
    expectedState: state,
    expectedNonce: nonce,
    idTokenExpected: true,
    maxAge: 3600
  })
}

const tokens = await login()
const claims = tokens.claims()
seen.sub = claims.sub
seen.userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub)
const renewed = await client.refreshTokenGrant(config, tokens.refresh_token)
seen.same = renewed.claims().sub === claims.sub && renewed.claims().auth_time === claims.auth_time
const silent = await login({ prompt: 'none', id_token_hint: renewed.id_token })
seen.silent = silent.claims().auth_time === claims.auth_time
const end = client.buildEndSessionUrl(config, {
  post_logout_redirect_uri: loggedOut, id_token_hint: silent.id_token, state: 'bye'
})
seen.bye = (await opened(end)).href
try {
  await login({ prompt: 'none' })
} catch (error) {
  seen.after = error.error
}
await client.tokenRevocation(config, renewed.refresh_token)
try {
  await client.refreshTokenGrant(config, renewed.refresh_token)
} catch (error) {
  seen.revoked = error.error
}
finish(seen)
