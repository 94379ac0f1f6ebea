import * as o from "../types";

export const grafana = o.section("Grafana.", {
  enabled: o.flag("Whether it runs.").prefault(true),
  adminUser: o.text("Name of the administrator; the password is generated.").prefault("admin"),
  oidc: o
    .group("Login through an OpenID Connect provider.", {
      name: o.text("What the login button says.").prefault("Single sign-on"),
      clientId: o.text("Client id."),
      clientSecret: o.secret("Client secret."),
      authUrl: o.httpsUrl("Authorisation endpoint."),
      tokenUrl: o.httpsUrl("Token endpoint."),
      apiUrl: o.httpsUrl("User info endpoint."),
      scopes: o.text("Scopes.").prefault("openid email profile"),
      roleAttributePath: o.text("JMESPath expression of the role.").optional(),
      ca: o.pemCertificate("PEM certificate of the provider's CA, if it is private.").optional(),
    })
    .optional(),
  database: o
    .group(
      "PostgreSQL that keeps users, sessions and what people make, in place of a file on a volume. It is spoken to over TLS alone, and must carry the name of `host`.",
      {
        host: o.hostPort("Host and port."),
        name: o.databaseName("Name of the database. It is Grafana's alone."),
        user: o.databaseName("User, who owns it."),
        password: o.secret("Password."),
        ca: o.pemCertificate("PEM certificate of its CA, if it is private.").optional(),
      },
    )
    .optional(),
});
