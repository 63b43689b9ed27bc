// A public client by oauth4webapi, step by step.
import * as oauth from 'oauth4webapi'
import { finish, opened } from './talk.mjs'

const [issuer, id, , redirect, loggedOut] = process.argv.slice(2)
const insecure = { [oauth.allowInsecureRequests]: true }
const server = await oauth.processDiscoveryResponse(
  new URL(issuer), await oauth.discoveryRequest(new URL(issuer), insecure)
)
const client = { client_id: id }
const seen = {}

async function login (more = {}) {
  const verifier = oauth.generateRandomCodeVerifier()
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()]
  const url = new URL(server.authorization_endpoint)
  url.search = new URLSearchParams({
    client_id: id,
    redirect_uri: redirect,
    response_type: 'code',
    scope: 'openid profile email',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
    ...more
  })
  const back = oauth.validateAuthResponse(server, client, await opened(url), state)
  const response = await oauth.authorizationCodeGrantRequest(
    server, client, oauth.None(), back, redirect, verifier, insecure
  )
  const tokens = await oauth.processAuthorizationCodeResponse(
    server, client, response, { expectedNonce: nonce, requireIdToken: true }
  )
  await oauth.validateApplicationLevelSignature(server, response, insecure)
  return tokens
}

async function refreshed (token) {
  const response = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), token, insecure)
  return oauth.processRefreshTokenResponse(server, client, response)
}

const tokens = await login()
const claims = oauth.getValidatedIdTokenClaims(tokens)
seen.sub = claims.sub
const response = await oauth.userInfoRequest(server, client, tokens.access_token, insecure)
seen.userinfo = await oauth.processUserInfoResponse(server, client, claims.sub, response)
const renewed = await refreshed(tokens.refresh_token)
const again = oauth.getValidatedIdTokenClaims(renewed)
seen.same = again.sub === claims.sub && again.auth_time === claims.auth_time
const silent = await login({ prompt: 'none', id_token_hint: renewed.id_token })
seen.silent = oauth.getValidatedIdTokenClaims(silent).auth_time === claims.auth_time
const end = new URL(server.end_session_endpoint)
end.search = new URLSearchParams({
  post_logout_redirect_uri: loggedOut, id_token_hint: silent.id_token, state: 'bye'
})
seen.bye = (await opened(end)).href
try {
  await login({ prompt: 'none' })
} catch (error) {
  seen.after = error.error
}
await oauth.processRevocationResponse(
  await oauth.revocationRequest(server, client, oauth.None(), renewed.refresh_token, insecure)
)
try {
  await refreshed(renewed.refresh_token)
} catch (error) {
  seen.revoked = error.error
}
finish(seen)
