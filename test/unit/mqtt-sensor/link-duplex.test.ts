import { describe, expect, it } from "vitest";
import { createLinkDuplex } from "../../../drivers/link/link-duplex.ts";
import { createMemoryLink } from "../../../simulator/links/memory-link.ts";
import { virtualClock } from "./mqtt-fixture.ts";

async function opened() {
  const clock = virtualClock();
  const cable = createMemoryLink(clock, { name: "port", latencyMs: 0.5 });
  const received: string[] = [];
  cable.end.onData((chunk) => received.push(Buffer.from(chunk).toString("latin1")));
  const opening = cable.openLink();
  await clock.run(1);
  const link = await opening;
  const stream = createLinkDuplex(link);
  const errors: Error[] = [];
  stream.on("error", (error) => errors.push(error));
  return { clock, cable, link, stream, received, errors, runFor: (ms: number) => clock.run(clock.nowMs() + ms) };
}

describe("a stream over a link", () => {
  it("carries bytes both ways, corked writes as one chunk", async () => {
    const bench = await opened();
    let heard = "";
    bench.stream.on("data", (chunk: Buffer) => {
      heard += chunk.toString("latin1");
    });
    bench.stream.cork();
    for (const part of ["a", "b", "c"]) bench.stream.write(part);
    bench.stream.uncork();
    bench.stream.write("d");
    bench.cable.end.send(Buffer.from("xyz"));
    await bench.runFor(2);
    expect(bench.received).toEqual(["abc", "d"]);
    expect(heard).toBe("xyz");
    expect(bench.errors).toEqual([]);
  });

  it("ends with its link, and its link with it", async () => {
    const one = await opened();
    one.cable.cut("pulled");
    await one.runFor(1);
    expect(one.stream.destroyed).toBe(true);
    const other = await opened();
    other.stream.destroy();
    await other.runFor(1);
    expect(other.link.isOpen).toBe(false);
  });

  it("fails a write to a link that is closed", async () => {
    const bench = await opened();
    bench.link.close();
    bench.stream.write("late");
    await bench.runFor(1);
    expect(bench.stream.destroyed).toBe(true);
    expect(bench.received).toEqual([]);
  });

  it("drops the link when more than a mebibyte is left unread", async () => {
    const bench = await opened();
    for (let index = 0; index < 20; index += 1) bench.cable.end.send(new Uint8Array(65_536));
    await bench.runFor(2);
    expect(bench.link.isOpen).toBe(false);
    expect(bench.errors).toHaveLength(1);
  });
});
