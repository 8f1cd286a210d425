import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:tls";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openBusSession } from "../../../tui/bus/bus-session.ts";
import { createRealClock } from "../../../tui/rim/real-clock.ts";
import { until } from "../../support/real-link.ts";

const CERTIFICATE = readFileSync("test/fixtures/bus/expired-certificate.pem", "utf8");
const KEY = readFileSync("test/fixtures/bus/expired-key.pem", "utf8");

let server: Server;
let url = "";

beforeAll(async () => {
  server = createServer({ cert: CERTIFICATE, key: KEY }, (socket) => socket.on("error", () => undefined));
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  url = `mqtts://127.0.0.1:${String(typeof address === "object" ? address?.port : 0)}`;
});

afterAll(() => {
  server.close();
});

async function refusal(certificateAuthority: string | null): Promise<string> {
  const faults: string[] = [];
  const session = openBusSession({
    place: { url, user: "anna", password: "secret", certificateAuthority },
    ...{ clock: createRealClock(), clientId: "anna-1", topics: ["beamrack/#"] },
    message: () => undefined,
    opened: () => faults.push("opened"),
    lost: ({ code, message }) => faults.push(`${code}: ${message}`),
  });
  await until("a refusal", () => faults.length > 0, 20_000);
  await session.close();
  return faults[0] ?? "";
}

it("a broker whose certificate is expired, or signed by nobody known, is not spoken to, and the reason is told", async () => {
  expect(await refusal(CERTIFICATE)).toBe("bus.certificate: certificate has expired");
  expect(await refusal(null)).toMatch(/^bus\.certificate: /);
});
