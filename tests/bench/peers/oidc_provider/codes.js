// Authorization codes of a user who has logged in and has consented, without a browser.
const SCOPE = 'read offline_access';

export async function issueCodes(provider, { client, account, redirectUri, challenge, count }) {
  const grant = new provider.Grant({ accountId: account, clientId: client });
  grant.addOIDCScope(SCOPE);
  const code = {
    accountId: account,
    client: await provider.Client.find(client),
    codeChallenge: challenge,
    codeChallengeMethod: 'S256',
    grantId: await grant.save(),
    redirectUri,
    scope: SCOPE,
  };
  return Promise.all(Array.from({ length: count }, () => new provider.AuthorizationCode(code).save()));
}
