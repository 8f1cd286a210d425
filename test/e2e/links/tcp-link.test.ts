import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createOpenLink } from "../../../drivers/link/open-link.ts";
import { createTcpOpenLink } from "../../../drivers/link/tcp-link.ts";
import type { Link } from "../../../protocols/roles/link.ts";
import { createRealClock } from "../../../tui/rim/real-clock.ts";
import { bytes, expectClosedForGood, heard, until } from "../../support/real-link.ts";

const clock = createRealClock();
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

interface Session {
  readonly socket: Socket;
  received: string;
  /** How the connection ended, seen from the device. */
  end: "open" | "closed" | "reset";
}

async function device(onSession: (session: Session) => void = () => undefined, port = 0) {
  const sessions: Session[] = [];
  const server: Server = createServer((socket) => {
    const session: Session = { socket, received: "", end: "open" };
    sessions.push(session);
    socket.on("data", (chunk) => {
      session.received += chunk.toString("latin1");
    });
    socket.on("error", (error) => {
      session.end = "code" in error && error.code === "ECONNRESET" ? "reset" : session.end;
    });
    socket.on("close", () => {
      if (session.end === "open") session.end = "closed";
    });
    onSession(session);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const close = (): void => {
    server.close();
    for (const { socket } of sessions) socket.destroy();
  };
  closers.push(close);
  return { port: (server.address() as AddressInfo).port, sessions, close };
}

async function opened(port: number, options: Partial<Parameters<typeof createTcpOpenLink>[0]> = {}): Promise<Link> {
  const link = await createTcpOpenLink({ name: "io", host: "127.0.0.1", port, clock, ...options })();
  closers.push(() => {
    link.close();
  });
  return link;
}

describe("a TCP link", () => {
  it("carries bytes both ways, and the address of a site file leads to it", async () => {
    const { port, sessions } = await device(({ socket }) => {
      socket.on("data", (chunk) => {
        socket.write(chunk);
      });
    });
    const link = await createOpenLink({ kind: "tcp", host: "127.0.0.1", port }, "io", clock)();
    const ear = heard(link);
    link.write(bytes("\u0000\u0001\u00ff?"));
    await until("the echo", () => ear.text().length === 4);
    expect(ear.text()).toBe("\u0000\u0001\u00ff?");
    expect(link.name).toBe("io");
    link.close();
    expect(ear.closings).toEqual(["closed by the host"]);
    expectClosedForGood(link);
    await until("the device sees the end", () => sessions[0]?.end !== "open");
    expect(sessions[0]?.end).toBe("closed");
  });

  it("says in words that nothing listens, and that a host is not known", async () => {
    const { port, close } = await device();
    close();
    await expect(opened(port)).rejects.toMatchObject({
      code: "link.refused",
      advice: expect.stringMatching(/server on.*port.*right.*another client/) as string,
      where: "io",
      message: `127.0.0.1:${port}: nothing listens there (ECONNREFUSED)`,
    });
    const nowhere = createTcpOpenLink({ name: "io", host: "no-such-host.invalid", port: 1, clock, connectMs: 20_000 });
    await expect(nowhere()).rejects.toMatchObject({ code: "link.open-failed" });
  });

  it("gives up connecting at its deadline, by the injected clock", async () => {
    let fire: (() => void) | undefined;
    const standing = {
      ...clock,
      setTimeout(fn: () => void) {
        fire = fn;
        return 0;
      },
      clearTimeout: () => undefined,
    };
    // Packets to this address range lead nowhere: the connection neither stands nor fails for a long time.
    const opening = createTcpOpenLink({ name: "io", host: "192.0.2.1", port: 9, clock: standing, connectMs: 700 })();
    const outcome = opening.then(
      () => "open",
      (error: unknown) => error,
    );
    fire?.();
    expect(await outcome).toMatchObject({ code: "link.open-failed" });
  });

  it("that the device drops is told once, with a reason, and stays closed", async () => {
    const { port, sessions } = await device();
    const link = await opened(port);
    const ear = heard(link);
    await until("the session", () => sessions.length === 1);
    sessions[0]?.socket.end();
    await until("the closing", () => ear.closings.length > 0);
    expect(ear.closings).toEqual([`127.0.0.1:${port} closed the connection`]);
    expectClosedForGood(link);
  });

  it("that is killed in mid-command never sends a byte of it on the next connection", async () => {
    const { port, sessions } = await device(({ socket }) => {
      socket.pause();
    });
    const openLink = createTcpOpenLink({ name: "stage", host: "127.0.0.1", port, clock });
    const first = await openLink();
    const ear = heard(first);
    await until("the session", () => sessions.length === 1);
    first.write(bytes("G0 X100 Y100\n".repeat(1000)));
    sessions[0]?.socket.resetAndDestroy();
    await until("the closing", () => ear.closings.length > 0);
    expectClosedForGood(first);

    const second = await openLink();
    await until("the second session", () => sessions.length === 2);
    second.write(bytes("?"));
    sessions[1]?.socket.resume();
    await until("the question", () => sessions[1]?.received !== "");
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(sessions[1]?.received).toBe("?");
    second.close();
  });

  it("closed with a command unanswered is reset, so that the system does not deliver it later", async () => {
    const { port, sessions } = await device();
    const link = await opened(port);
    await until("the session", () => sessions.length === 1);
    link.write(bytes("open the shutter\n"));
    await until("the command", () => sessions[0]?.received !== "");
    link.close();
    await until("the device sees the end", () => sessions[0]?.end !== "open");
    expect(sessions[0]?.end).toBe("reset");
  });

  it("given up while its device hangs leaves nothing behind that the device would do when it comes back", async () => {
    const { port, sessions } = await device(({ socket }) => {
      socket.pause();
    });
    const link = await opened(port, { unsentMax: 64 * 1024 * 1024 });
    await until("the session", () => sessions.length === 1);
    const command = "G0 X100 Y100\n".repeat(100_000);
    for (let count = 0; count < 20; count += 1) link.write(bytes(command));
    await new Promise((resolve) => setTimeout(resolve, 50));
    link.close();
    await new Promise((resolve) => setTimeout(resolve, 20));
    sessions[0]?.socket.resume();
    await until("the device sees the end", () => sessions[0]?.end !== "open");
    const receivedBytes = sessions[0]?.received.length ?? 0;
    expect(receivedBytes).toBeLessThan(20 * command.length);
  });

  it("whose device takes nothing is dropped when too much waits, instead of queueing without end", async () => {
    const { port } = await device(({ socket }) => {
      socket.pause();
    });
    const link = await opened(port);
    const ear = heard(link);
    const block = new Uint8Array(64 * 1024);
    let writtenBytes = 0;
    expect(() => {
      // Far beyond what both systems hold together.
      while (writtenBytes < 64 * 1024 * 1024) {
        link.write(block);
        writtenBytes += block.length;
      }
    }).toThrow(/too much waits/);
    expect(ear.closings).toHaveLength(1);
    expect(ear.closings[0]).toContain("takes nothing");
    expectClosedForGood(link);
  });

  it("whose device has stopped reading is found out by the clock, although little waits", async () => {
    const { port } = await device(({ socket }) => {
      socket.pause();
    });
    const link = await opened(port, { unsentMax: 64 * 1024 * 1024, stalledMs: 150 });
    const ear = heard(link);
    link.write(new Uint8Array(16 * 1024 * 1024));
    const tookMs = await until("the stall", () => ear.closings.length > 0);
    expect(tookMs).toBeGreaterThan(100);
    expect(ear.closings[0]).toMatch(/took nothing for 0.15 s, \d+ bytes wait/);
    expectClosedForGood(link);
  });

  it("to a device that reads slowly but reads stays open", async () => {
    const { port, sessions } = await device();
    const link = await opened(port, { unsentMax: 64 * 1024 * 1024, stalledMs: 800 });
    const ear = heard(link);
    await until("the session", () => sessions.length === 1);
    const socket = sessions[0]?.socket;
    socket?.pause();
    for (let count = 0; count < 48; count += 1) link.write(new Uint8Array(1024 * 1024));
    const reading = setInterval(() => {
      socket?.resume();
      setTimeout(() => socket?.pause(), 5);
    }, 40);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    clearInterval(reading);
    expect(ear.closings).toEqual([]);
    expect(link.isOpen).toBe(true);
  });
});
