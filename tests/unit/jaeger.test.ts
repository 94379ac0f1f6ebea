import { parse } from "yaml";
import { jaegerWorkload } from "../../components/jaeger/config";
import { contextOf, documentOf, expectGolden, workloadText } from "../helpers/golden";

interface Tls {
  client_ca_file?: string;
  reload_interval?: string;
}
interface Endpoint {
  endpoint: string;
  tls?: Tls;
}
interface Document {
  extensions: {
    jaeger_query: { http: Endpoint; grpc: Endpoint };
    healthcheckv2: { http: Endpoint };
    jaeger_storage: { backends: { traces: { badger: { ttl: { spans: string } } } } };
  };
  receivers: Record<string, { protocols: Record<string, Endpoint> }>;
}

const document = (options?: unknown) =>
  parse(documentOf(jaegerWorkload(contextOf("jaeger", options)), "jaeger.yaml")) as Document;

describe("Jaeger", () => {
  test("is as reviewed", () => {
    expectGolden("jaeger.txt", workloadText(jaegerWorkload(contextOf("jaeger"))));
  });

  test("demands a service's certificate on every address but loopback", () => {
    const { extensions, receivers } = document();
    const endpoints = [
      extensions.jaeger_query.http,
      extensions.jaeger_query.grpc,
      extensions.healthcheckv2.http,
      ...Object.values(receivers).flatMap(({ protocols }) => Object.values(protocols)),
    ];
    expect(endpoints).toHaveLength(5);
    for (const { endpoint, tls } of endpoints) {
      if (endpoint.startsWith("127.0.0.1:")) continue;
      expect(tls).toMatchObject({
        client_ca_file: "/etc/tracekeep/trust/services.crt",
        reload_interval: "15s",
      });
    }
    expect(endpoints.filter(({ endpoint }) => endpoint.startsWith("127.0.0.1:"))).toHaveLength(2);
  });

  test("keeps traces as long as the option says", () => {
    const { traces } = document({ jaeger: { retention: "7d" } }).extensions.jaeger_storage.backends;
    expect(traces.badger.ttl.spans).toBe("168h");
  });

  test("has a data volume whose owner the image does not set", () => {
    const { storage } = jaegerWorkload(contextOf("jaeger"));
    expect(storage).toEqual({ path: "/badger", ownedByImage: false });
  });
});
