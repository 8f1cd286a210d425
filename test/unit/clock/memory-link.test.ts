import { describe, expect, it } from "vitest";
import { isFault } from "../../../protocols/base/fault.ts";
import type { Link } from "../../../protocols/roles/link.ts";
import { createVirtualClock, type VirtualClock } from "../../../simulator/clock/virtual-clock.ts";
import { createMemoryLink, isMethodScriptData, type MemoryLink } from "../../../simulator/links/memory-link.ts";

const drain = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (chunk: Uint8Array): string => new TextDecoder().decode(chunk);

interface Bench {
  clock: VirtualClock;
  cable: MemoryLink;
  link: Link;
  atHost: string[];
  atDevice: string[];
  closings: string[];
}

async function bench(): Promise<Bench> {
  const clock = createVirtualClock(0, { drain });
  const cable = createMemoryLink(clock, { name: "channel B7", latencyMs: 1, isQuiet: isMethodScriptData });
  const atHost: string[] = [];
  const atDevice: string[] = [];
  const closings: string[] = [];
  cable.end.onOpen(() => atDevice.push("<open>"));
  cable.end.onClose(() => atDevice.push("<close>"));
  cable.end.onData((chunk) => atDevice.push(`${clock.nowMs()} ${text(chunk)}`));
  const link = await opened(clock, cable);
  link.onData((chunk) => atHost.push(`${clock.nowMs()} ${text(chunk)}`));
  link.onClose((why) => closings.push(why));
  return { clock, cable, link, atHost, atDevice, closings };
}

async function opened(clock: VirtualClock, cable: MemoryLink): Promise<Link> {
  const opening = cable.openLink();
  await clock.run(clock.nowMs() + 10);
  return opening;
}

describe("memory link", () => {
  it("carries bytes in order, each way after the latency", async () => {
    const { clock, cable, link, atHost, atDevice } = await bench();
    link.write(bytes("a"));
    link.write(bytes("b"));
    cable.end.send(bytes("x"));
    cable.end.send(bytes("y"));
    await clock.run(20);
    expect(atDevice).toEqual(["<open>", "11 a", "11 b"]);
    expect(atHost).toEqual(["11 x", "11 y"]);
  });

  it("keeps what was written although the writer reuses its buffer", async () => {
    const { clock, link, atDevice } = await bench();
    const buffer = bytes("on");
    link.write(buffer);
    buffer.fill(0x30);
    await clock.run(20);
    expect(atDevice).toEqual(["<open>", "11 on"]);
  });

  it("loses what is in flight when the host closes, and refuses to write after", async () => {
    const { clock, cable, link, atHost, atDevice, closings } = await bench();
    link.write(bytes("lost"));
    cable.end.send(bytes("lost too"));
    link.close();
    const again = await opened(clock, cable);
    again.onData((chunk) => atHost.push(text(chunk)));
    await clock.run(40);
    expect(atHost).toEqual([]);
    expect(atDevice).toEqual(["<open>", "<close>", "<open>"]);
    expect(closings).toEqual(["closed by the host"]);
    expect(cable.counters.chunksLost).toBe(2);
    expect(() => {
      link.write(bytes("z"));
    }).toThrow("the link is closed");
  });

  it("delivers what the device said before it hung up", async () => {
    const { clock, cable, atHost, closings } = await bench();
    cable.end.send(bytes("bye"));
    cable.end.hangUp("restarted");
    await clock.run(20);
    expect(atHost).toEqual(["11 bye"]);
    expect(closings).toEqual(["restarted"]);
  });

  it("loses everything while hung and stays open", async () => {
    const { clock, cable, link, atHost, atDevice } = await bench();
    cable.hang(true);
    link.write(bytes("a"));
    cable.end.send(bytes("x"));
    await clock.run(20);
    cable.hang(false);
    cable.end.send(bytes("y"));
    await clock.run(40);
    expect(link.isOpen).toBe(true);
    expect(atDevice).toEqual(["<open>"]);
    expect(atHost).toEqual(["21 y"]);
  });

  it("cannot be opened while unplugged or open", async () => {
    const { clock, cable, closings } = await bench();
    const failure = async (): Promise<string> => {
      const opening = cable.openLink().then(
        () => "opened",
        (error: unknown) => (isFault(error) ? error.code : "other"),
      );
      await clock.run(clock.nowMs() + 10);
      return opening;
    };
    expect(await failure()).toBe("link.open-failed");
    cable.plug(false);
    expect(closings).toEqual(["the port vanished"]);
    expect(await failure()).toBe("link.open-failed");
    cable.plug(true);
    expect(await failure()).toBe("opened");
  });

  it("is lost when the device speaks with nobody listening", async () => {
    const clock = createVirtualClock(0, { drain });
    const cable = createMemoryLink(clock, { name: "stage", latencyMs: 1 });
    cable.end.send(bytes("hello"));
    await clock.run(10);
    expect(cable.counters.chunksLost).toBe(1);
  });

  it("drains for a reply and not for a lone data package", async () => {
    const { clock, cable } = await bench();
    const before = clock.drainCount;
    for (let sample = 0; sample < 50; sample += 1) cable.end.send(bytes("Pda8000000 ;ba8000000 \n"));
    await clock.run(20);
    const afterData = clock.drainCount;
    cable.end.send(bytes("Pda8000000 \n*\n"));
    await clock.run(30);
    expect(afterData).toBe(before + 1);
    expect(clock.drainCount).toBe(afterData + 2);
  });

  it("carries ten thousand chunks sent at once, in order", async () => {
    const { clock, cable, atHost } = await bench();
    for (let index = 0; index < 10_000; index += 1) cable.end.send(bytes(`${index}`));
    await clock.run(20);
    expect(atHost.length).toBe(10_000);
    expect(atHost[9_999]).toBe("11 9999");
  });
});
