/** Modbus TCP frames of the client, built by the library and our port; examples from the Modbus documents. */
import fc from "fast-check";
import modbus from "modbus-serial";
import { describe, expect, it } from "vitest";
import { createModbusLinkPort } from "../../../drivers/link/modbus-link-port.ts";
import type { Link } from "../../../protocols/roles/link.ts";
import { crc16 } from "../../../protocols/wire/modbus/rtu-frame.ts";

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

function bytes(text: string): Uint8Array {
  return Uint8Array.from(text.split(" "), (byte) => Number.parseInt(byte, 16));
}

function createClient() {
  const sent: string[] = [];
  const garbled: string[] = [];
  let onData: (chunk: Uint8Array) => void = () => undefined;
  const link: Link = {
    name: "io",
    isOpen: true,
    write(chunk) {
      sent.push(hex(chunk));
    },
    onData(handler) {
      onData = handler;
      return () => undefined;
    },
    onClose: () => () => undefined,
    close: () => undefined,
  };
  const port = createModbusLinkPort(link, (why) => garbled.push(why));
  const client = new modbus.default(port);
  client.open();
  return {
    client,
    port,
    sent,
    garbled,
    receive: (chunk: Uint8Array) => {
      onData(chunk);
    },
  };
}

describe("the client's frames", () => {
  it("carry the checksum of the serial line's examples", () => {
    for (const text of [
      "01 03 00 00 00 02 c4 0b",
      "01 06 00 02 01 2c 28 47",
      "01 83 02 c0 f1",
      "01 10 00 00 00 02 04 00 01 00 02 23 ae",
    ]) {
      const frame = bytes(text);
      const crc = crc16(frame.subarray(0, -2));
      expect(hex(Uint8Array.of(crc & 0xff, crc >> 8))).toBe(text.slice(-5));
    }
  });

  it("are MBAP header and request without checksum, numbered from 1", () => {
    const { client, sent } = createClient();
    const ignore = (): void => undefined;
    client.writeFC2(1, 0, 12, ignore);
    client.writeFC5(1, 0x0200, true, ignore);
    client.writeFC6(1, 0x1003, 0x1234, ignore);
    client.writeFC15(1, 0x0203, [true, false, true], ignore);
    client.writeFC3(255, 0x1022, 4, ignore);
    expect(sent).toEqual([
      "00 01 00 00 00 06 01 02 00 00 00 0c",
      "00 02 00 00 00 06 01 05 02 00 ff 00",
      "00 03 00 00 00 06 01 06 10 03 12 34",
      "00 04 00 00 00 08 01 0f 02 03 00 03 01 05",
      "00 05 00 00 00 06 ff 03 10 22 00 04",
    ]);
  });

  it("are answered by frames that are cut and joined anywhere", async () => {
    for (let cut = 0; cut <= 13; cut += 1) {
      const { client, receive } = createClient();
      const reading = client.readHoldingRegisters(0, 2);
      const answer = bytes("00 01 00 00 00 07 01 03 04 00 05 00 06");
      receive(answer.subarray(0, cut));
      receive(answer.subarray(cut));
      expect((await reading).data).toEqual([5, 6]);
    }
  });

  it("reach their caller as exceptions with the code of the unit", async () => {
    const { client, receive } = createClient();
    const writing = client.writeCoil(0x0200, true);
    receive(bytes("00 01 00 00 00 03 01 85 04"));
    await expect(writing).rejects.toMatchObject({ modbusCode: 4 });
  });

  it("never meet the answer to another request", async () => {
    const { client, port, receive } = createClient();
    client.writeFC3(1, 1000, 1, () => undefined);
    const second = client.readHoldingRegisters(2000, 1);
    receive(bytes("00 01 00 00 00 05 01 03 02 10 00 00 02 00 00 00 05 01 03 02 20 00"));
    expect((await second).data).toEqual([0x2000]);
    expect(port.strayCount).toBe(1);
  });

  it("are given up when the stream is not Modbus TCP", () => {
    for (const text of ["00 01 00 01 00 06 01 02", "00 01 00 00 00 00 01 02", "00 01 00 00 01 2c 01 02"]) {
      const { garbled, receive } = createClient();
      receive(bytes(text));
      receive(bytes(text));
      expect(garbled).toHaveLength(1);
    }
  });

  it("never make the reader throw, in 10,000 random streams", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.uint8Array({ maxLength: 12 }),
            fc
              .uint8Array({ minLength: 2, maxLength: 12 })
              .map((body) => Uint8Array.of(0, 1, 0, 0, 0, body.length, ...body)),
          ),
          { maxLength: 4 },
        ),
        (chunks) => {
          const { client, receive } = createClient();
          let answers = 0;
          client.writeFC3(1, 0, 2, () => {
            answers += 1;
          });
          for (const chunk of chunks) receive(chunk);
          expect(answers).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 10_000 },
    );
  });
});
