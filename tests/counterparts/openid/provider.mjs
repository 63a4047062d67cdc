// An OpenID Connect provider for tests: node provider.mjs PORT REDIRECT_URI. It ends when its standard input does.
import { Provider } from "oidc-provider";

const [port, redirectUri] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const audience = "https://certloom.test/api";

const groups = {
  alice: ["certificate-requesters"],
  bob: ["certificate-approvers"],
  nobody: [],
  texty: "certificate-requesters",
  mixed: ["certificate-requesters", 7],
};

const about = (id) => ({ sub: id, preferred_username: id, groups: groups[id] ?? [] });

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "certloom",
      client_secret: "the secret of the web client",
      redirect_uris: [redirectUri],
      post_logout_redirect_uris: [new URL("/", redirectUri).href],
      grant_types: ["authorization_code"],
    },
    {
      client_id: "pipeline",
      client_secret: "the secret of the pipeline",
      redirect_uris: [],
      response_types: [],
      grant_types: ["client_credentials"],
    },
  ],
  claims: { openid: ["sub"], profile: ["preferred_username", "groups"] },
  conformIdTokenClaims: false,
  findAccount: (_context, id) => ({ accountId: id, claims: () => about(id) }),
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: (_context, _client, oneOf) => oneOf ?? undefined,
      useGrantedResource: () => true,
      getResourceServerInfo: (_context, resource) => ({
        scope: "",
        audience: resource,
        accessTokenFormat: "jwt",
        accessTokenTTL: 600,
      }),
    },
  },
  extraTokenClaims: (_context, token) => (token.accountId ? about(token.accountId) : undefined),
  cookies: { keys: ["only for tests"] },
});

provider.listen(Number(port), "127.0.0.1", () => console.log(`ready ${issuer} ${audience}`));
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
