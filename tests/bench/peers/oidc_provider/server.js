// node-oidc-provider as a token service for one client: client_credentials and introspection.
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';
import { RedisAdapter } from './adapter.js';

const { CLIENT_ID, CLIENT_SECRET } = process.env;
const port = Number(process.argv[2]);
const issuer = `http://127.0.0.1:${port}`;
const provider = new Provider(issuer, {
  adapter: RedisAdapter,
  clients: [
    {
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    },
  ],
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
  ttl: { ClientCredentials: 24 * 3600 },
});

const server = createServer(provider.callback());
server.keepAliveTimeout = 75_000;
server.listen(port, '127.0.0.1');
