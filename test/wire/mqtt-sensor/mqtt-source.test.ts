/** The simulated broker, spoken to in bytes worked out by hand from MQTT 3.1.1 (OASIS, 29 October 2014). */
import { describe, expect, it } from "vitest";
import { createMemoryLink } from "../../../simulator/links/memory-link.ts";
import { createPacketReader } from "../../../simulator/mqtt-source/mqtt-packet-reader.ts";
import { publishPacket, topicField } from "../../../simulator/mqtt-source/mqtt-packets.ts";
import { createMqttSource } from "../../../simulator/mqtt-source/mqtt-source.ts";
import { repeatableRandom, virtualClock } from "../../unit/mqtt-sensor/mqtt-fixture.ts";

/** 3.1: type 1, length 20; "MQTT", level 4, clean session, keep-alive 0; client id "beamrack". */
const CONNECT = "10 14 00 04 4d 51 54 54 04 02 00 00 00 08 62 65 61 6d 72 61 63 6b";
const CONNACK = "20 02 00 00";
/** 3.8: identifier 10, filter "a/b" at quality of service 0 (the example of figure 3.23 has this topic). */
const SUBSCRIBE = "82 08 00 0a 00 03 61 2f 62 00";
const SUBACK = "90 03 00 0a 00";
/** 3.3: topic "a/b", payload "201.3". */
const PUBLISH = "30 0a 00 03 61 2f 62 32 30 31 2e 33";
const PUBLISH_RETAINED = "31 0a 00 03 61 2f 62 32 30 31 2e 33";

function bytes(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(" ", ""), "hex");
}

async function opened() {
  const clock = virtualClock();
  const cable = createMemoryLink(clock, { name: "broker", latencyMs: 0.5 });
  const source = createMqttSource({
    end: cable.end,
    clock,
    topics: [{ topic: "a/b", periodMs: 1000, payload: () => "201.3" }],
  });
  const opening = cable.openLink();
  await clock.run(1);
  const link = await opening;
  let heard = Buffer.alloc(0);
  link.onData((chunk) => {
    heard = Buffer.concat([heard, chunk]);
  });
  const say = async (hex: string, ms = 10): Promise<string> => {
    heard = Buffer.alloc(0);
    if (hex !== "") link.write(bytes(hex));
    await clock.run(clock.nowMs() + ms);
    return heard.toString("hex").replaceAll(/(..)(?=.)/g, "$1 ");
  };
  return { clock, cable, source, link, say };
}

describe("the simulated broker", () => {
  it("accepts a client of level 4, grants a subscription and publishes at whole periods", async () => {
    const { clock, say } = await opened();
    expect(await say(CONNECT)).toBe(CONNACK);
    expect(await say(SUBSCRIBE)).toBe(SUBACK);
    await clock.run(999);
    expect(await say("", 3)).toBe(PUBLISH);
    expect(await say("", 3000)).toBe([PUBLISH, PUBLISH, PUBLISH].join(" "));
  });

  it("tells a new subscriber the retained message, marked as such", async () => {
    const { clock, say } = await opened();
    await clock.run(1500);
    expect(await say(CONNECT)).toBe(CONNACK);
    expect(await say(SUBSCRIBE)).toBe(`${SUBACK} ${PUBLISH_RETAINED}`);
  });

  it("takes wildcards, answers a ping and ends a subscription", async () => {
    const { say } = await opened();
    await say(CONNECT);
    expect(await say("82 06 00 01 00 01 23 00")).toBe("90 03 00 01 00");
    expect(await say("c0 00")).toBe("d0 00");
    expect(await say("", 1500)).toBe(PUBLISH);
    expect(await say("a2 05 00 02 00 01 23")).toBe("b0 02 00 02");
    expect(await say("", 3000)).toBe("");
    expect(await say("32 09 00 03 61 2f 62 00 07 31 32")).toBe("40 02 00 07");
  });

  it("takes packets cut anywhere and several at once", async () => {
    const { say, link, clock } = await opened();
    for (const byte of bytes(CONNECT)) {
      link.write(Uint8Array.of(byte));
      await clock.run(clock.nowMs() + 0.01);
    }
    expect(await say("")).toBe(CONNACK);
    expect(await say(`${SUBSCRIBE} c0 00`)).toBe(`${SUBACK} d0 00`);
  });

  it.each([
    ["another protocol level", CONNECT.replace("54 54 04", "54 54 05"), "20 02 00 01"],
    ["an empty client id with a kept session", "10 0c 00 04 4d 51 54 54 04 00 00 00 00 00", "20 02 00 02"],
  ])("refuses %s with its return code and hangs up", async (_what, hex, answer) => {
    const { say, link } = await opened();
    expect(await say(hex)).toBe(answer);
    expect(link.isOpen).toBe(false);
  });

  it.each([
    ["a first packet other than CONNECT", SUBSCRIBE],
    ["a second CONNECT", `${CONNECT} ${CONNECT}`],
    ["another protocol name", CONNECT.replace("4d 51 54 54", "4d 51 54 55")],
    ["a reserved flag in CONNECT", CONNECT.replace("04 02 00", "04 03 00")],
    ["a password without a user", CONNECT.replace("04 02 00", "04 42 00")],
    ["SUBSCRIBE with wrong flags", `${CONNECT} ${SUBSCRIBE.replace("82", "80")}`],
    ["SUBSCRIBE without a filter", `${CONNECT} 82 02 00 0a`],
    ["a wildcard out of place", `${CONNECT} 82 08 00 0a 00 03 61 23 62 00`],
    ["a packet identifier of 0", `${CONNECT} 82 08 00 00 00 03 61 2f 62 00`],
    ["a remaining length of five bytes", `${CONNECT} 30 ff ff ff ff 01`],
    ["a server's packet", `${CONNECT} ${CONNACK}`],
    ["text that is no UTF-8", `${CONNECT} 82 06 00 0a 00 01 ff 00`],
    ["DISCONNECT", `${CONNECT} e0 00`],
  ])("hangs up on %s", async (_what, hex) => {
    const { say, link } = await opened();
    await say(hex);
    expect(link.isOpen).toBe(false);
  });

  it("hangs up on a client that is silent for one and a half times its keep-alive", async () => {
    const { clock, say, link } = await opened();
    await say(CONNECT.replace("04 02 00 00", "04 02 00 0a"));
    await clock.run(10_000);
    await say("c0 00");
    await clock.run(24_900);
    expect(link.isOpen).toBe(true);
    await clock.run(25_100);
    expect(link.isOpen).toBe(false);
  });

  it("writes the remaining length as the standard does", () => {
    const length = (payloadLength: number): string =>
      Buffer.from(publishPacket(topicField("a"), "x".repeat(payloadLength), false))
        .subarray(1, 5)
        .toString("hex");
    // Table 2.4: 127 is 7f, 128 is 80 01, 16 383 is ff 7f, 16 384 is 80 80 01.
    expect(length(124)).toMatch(/^7f0001/);
    expect(length(125)).toMatch(/^800100/);
    expect(length(16_380)).toMatch(/^ff7f00/);
    expect(length(16_381)).toMatch(/^808001/);
    expect(Buffer.from(publishPacket(topicField("ü"), "é", true)).toString("hex")).toBe("31060002c3bcc3a9");
  });

  it("reads ten thousand random inputs, cut anywhere, without failing", () => {
    const random = repeatableRandom(11);
    const whole = [CONNECT, SUBSCRIBE, "c0 00", "e0 00", PUBLISH].map(bytes);
    let violations = 0;
    let packets = 0;
    for (let run = 0; run < 10_000; run += 1) {
      const stream = Buffer.concat(
        Array.from({ length: 3 }, () => whole[Math.floor(random() * whole.length)] ?? bytes("00")),
      );
      for (let flip = Math.floor(random() * 3); flip > 0; flip -= 1) {
        stream[Math.floor(random() * stream.length)] = Math.floor(random() * 256);
      }
      const reader = createPacketReader();
      for (let at = 0; at < stream.length;) {
        const next = at + 1 + Math.floor(random() * 20);
        for (const packet of reader.push(stream.subarray(at, next))) {
          if (packet.kind === "violation") violations += 1;
          else packets += 1;
        }
        at = next;
      }
    }
    expect(violations).toBeGreaterThan(1000);
    expect(packets).toBeGreaterThan(1000);
  });
});
