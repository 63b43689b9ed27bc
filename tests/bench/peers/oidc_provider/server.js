// node-oidc-provider as a token service for one client: its own tokens, its users' codes, introspection.
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';
import { GRANT_S, RedisAdapter } from './adapter.js';
import { issueCodes } from './codes.js';

const { CLIENT_ID, CLIENT_SECRET, REDIRECT_URI } = process.env;
const port = Number(process.argv[2]);
const issuer = `http://127.0.0.1:${port}`;
const provider = new Provider(issuer, {
  adapter: RedisAdapter,
  clients: [
    {
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
      grant_types: ['authorization_code', 'client_credentials', 'refresh_token'],
      redirect_uris: [REDIRECT_URI],
      response_types: ['code'],
    },
  ],
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  // Refresh tokens exist, as at cas-server; a look-up without a hint has to consider them.
  scopes: ['offline_access', 'read', 'write'],
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: {
      enabled: true,
      allowedPolicy: (ctx, client, token) => token.clientId === client.clientId,
    },
  },
  ttl: { AccessToken: 24 * 3600, ClientCredentials: 24 * 3600, Grant: GRANT_S, RefreshToken: GRANT_S },
});

const serve = provider.callback();
const server = createServer(async (request, response) => {
  if (!request.url.startsWith('/codes?')) {
    serve(request, response);
    return;
  }
  const { searchParams } = new URL(request.url, issuer);
  const codes = await issueCodes(provider, {
    client: CLIENT_ID,
    account: 'alice',
    redirectUri: REDIRECT_URI,
    challenge: searchParams.get('challenge'),
    count: Number(searchParams.get('count')),
  });
  response.end(JSON.stringify(codes));
});
server.keepAliveTimeout = 75_000;
server.listen(port, '127.0.0.1');
