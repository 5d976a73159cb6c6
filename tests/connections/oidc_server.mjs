// An authorisation server nobody here wrote: the certified oidc-provider package, run by
// test_oidc_provider.py. Prints its port once it listens.
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';

const [, , packageMain, redirectUri] = process.argv;
const { default: Provider } = await import(pathToFileURL(packageMain).href);

const server = createServer((request, response) => handler(request, response));
let handler = (request, response) => response.writeHead(503).end();

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    clients: [
      {
        client_id: 'monitr-test',
        client_secret: 'canary-oidc-client-secret-4d1f',
        application_type: 'native',
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
    pkce: { required: () => true },
    rotateRefreshToken: true, // and a spent one that comes back ends the grant: its default
    scopes: ['openid', 'offline_access'],
    features: { devInteractions: { enabled: true }, revocation: { enabled: true } },
    ttl: { AccessToken: 600, RefreshToken: 86400, Grant: 86400, Session: 600, Interaction: 600, IdToken: 600, AuthorizationCode: 60 },
    findAccount: async (_, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
    cookies: { keys: ['made-up'] },
  });
  handler = provider.callback();
  console.log(port);
});
