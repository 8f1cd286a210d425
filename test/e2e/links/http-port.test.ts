import { createServer as createHttpServer, type RequestListener, type Server } from "node:http";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createHttpPort, type HttpPortDeps } from "../../../drivers/link/http-port.ts";
import { Fault } from "../../../protocols/base/fault.ts";
import type { HttpPort } from "../../../protocols/roles/http.ts";
import { createRealClock } from "../../../tui/rim/real-clock.ts";

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function listen(server: Server | ReturnType<typeof createServer>): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

function portTo(port: number, more: Partial<HttpPortDeps> = {}): HttpPort {
  return createHttpPort({ name: "detector", host: "127.0.0.1", port, clock: createRealClock(), ...more });
}

async function served(listener: RequestListener, more?: Partial<HttpPortDeps>): Promise<HttpPort> {
  return portTo(await listen(createHttpServer(listener)), more);
}

/** A server that answers every connection with these bytes, whatever it asks. */
async function spoken(answer: (socket: Socket) => void, more?: Partial<HttpPortDeps>): Promise<HttpPort> {
  return portTo(
    await listen(
      createServer((socket) => {
        socket.once("data", () => {
          answer(socket);
        });
      }),
    ),
    more,
  );
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
  return "none";
}

describe("HTTP to a device", () => {
  it("sends what was asked, and gives any status with its body", async () => {
    const seen: string[] = [];
    const port = await served((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        const { "content-type": type, "content-length": length, connection } = request.headers;
        seen.push(
          [request.method, request.url, body, type ?? "-", length ?? "-", connection]
            .map((part) => part ?? "")
            .join(" "),
        );
        response.statusCode = request.url === "/missing" ? 404 : 200;
        response.end(request.url === "/missing" ? "no such thing" : '{"value":"1.8.0 µ"}');
      });
    });
    expect(await port.request("GET", "/a?b=1", null, 1000)).toEqual({ status: 200, body: '{"value":"1.8.0 µ"}' });
    expect(await port.request("PUT", "/b", '{"value":1}', 1000)).toMatchObject({ status: 200 });
    expect(await port.request("PUT", "/c", null, 1000)).toMatchObject({ status: 200 });
    expect(await port.request("HEAD", "/d", null, 1000)).toEqual({ status: 200, body: "" });
    expect(await port.request("GET", "/missing", null, 1000)).toEqual({ status: 404, body: "no such thing" });
    expect(seen).toEqual([
      "GET /a?b=1  - - close",
      'PUT /b {"value":1} application/json 11 close',
      "PUT /c  - 0 close",
      "HEAD /d  - - close",
      "GET /missing  - - close",
    ]);
  });

  it("opens a connection for each request, so a slow one holds up nothing", async () => {
    let release: () => void = () => undefined;
    const port = await served((request, response) => {
      if (request.url === "/slow") release = () => response.end("slow");
      else response.end("quick");
    });
    const slow = port.request("PUT", "/slow", null, 5000);
    expect(await port.request("GET", "/quick", null, 1000)).toEqual({ status: 200, body: "quick" });
    release();
    expect(await slow).toEqual({ status: 200, body: "slow" });
  });

  it("says that nothing was sent when nobody listens", async () => {
    const port = portTo(await listen(createServer()));
    for (const close of closing.splice(0)) await close();
    expect(await codeOf(port.request("GET", "/", null, 1000))).toBe("link.refused");
  });

  it("says that nothing was sent when no connection comes about in time", async () => {
    // An address set aside for documents: nothing answers, or there is no way to it.
    const port = portTo(9, { host: "192.0.2.1", connectMs: 150 });
    const started = performance.now();
    expect(["link.open-failed", "link.refused"]).toContain(await codeOf(port.request("PUT", "/", null, 60_000)));
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it("gives up on a device that connects and does not answer", async () => {
    const port = await served(() => undefined);
    expect(await codeOf(port.request("GET", "/", null, 120))).toBe("link.timeout");
  });

  it("gives up on an answer that does not come to its end", async () => {
    const port = await served((_, response) => {
      response.writeHead(200, { "Content-Length": "100" });
      response.write("half");
    });
    expect(await codeOf(port.request("GET", "/", null, 150))).toBe("link.timeout");
  });

  it("does not take a broken answer for a whole one", async () => {
    const broken = await spoken((socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"));
    expect(await codeOf(broken.request("GET", "/", null, 1000))).toBe("link.closed");
    const gone = await spoken((socket) => socket.destroy());
    expect(await codeOf(gone.request("PUT", "/", null, 1000))).toBe("link.closed");
    const reset = await spoken((socket) => socket.resetAndDestroy());
    expect(await codeOf(reset.request("PUT", "/", null, 1000))).toBe("link.closed");
  });

  it("calls what is not HTTP garbled", async () => {
    const port = await spoken((socket) => socket.end("15 OK  Starting 1.0 second background\x18"));
    expect(await codeOf(port.request("GET", "/", null, 1000))).toBe("link.garbled");
    const other = await spoken((socket) =>
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
    );
    expect(await codeOf(other.request("GET", "/", null, 1000))).toBe("link.garbled");
  });

  it("reads no endless body", async () => {
    const port = await served(
      (_, response) => {
        const more = (): void => {
          while (!response.destroyed && response.write("x".repeat(10_000)));
        };
        response.on("drain", more);
        more();
      },
      { bodyBytesMax: 100_000 },
    );
    expect(await codeOf(port.request("GET", "/", null, 5000))).toBe("link.garbled");
  });

  it("follows nothing elsewhere", async () => {
    let count = 0;
    const port = await served((_, response) => {
      count += 1;
      response.writeHead(302, { Location: "/elsewhere" }).end();
    });
    expect(await port.request("GET", "/", null, 1000)).toEqual({ status: 302, body: "" });
    expect(count).toBe(1);
  });

  it("abandons what is under way, and can be used again", async () => {
    let count = 0;
    const port = await served((_, response) => {
      count += 1;
      if (count > 2) response.end("again");
    });
    const left = [port.request("GET", "/", null, 5000), port.request("PUT", "/", null, 5000)].map(codeOf);
    while (count < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    port.abandon("no longer needed");
    expect(await Promise.all(left)).toEqual(["link.closed", "link.closed"]);
    expect(await port.request("GET", "/", null, 1000)).toEqual({ status: 200, body: "again" });
    expect(count).toBe(3);
  });

  it("turns away more at once than a device can bear", async () => {
    const port = await served(() => undefined, { requestsMax: 2 });
    const held = [1, 2].map(() => codeOf(port.request("GET", "/", null, 5000)));
    expect(await codeOf(port.request("GET", "/", null, 5000))).toBe("device.refused");
    port.abandon("enough");
    expect(await Promise.all(held)).toEqual(["link.closed", "link.closed"]);
  });
});
