import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BTS_MESSAGE_BYTES_MAX, createBtsSplitter } from "../../../protocols/wire/neware/bts-frame.ts";
import {
  decodeAcknowledgements,
  decodeBtsReply,
  decodeConnected,
  decodeDeviceList,
  decodeLatestTests,
  decodeLive,
  decodeLog,
  decodeRows,
  decodeStatuses,
  decodeStepLayers,
} from "../../../protocols/wire/neware/bts-replies.ts";
import { escapeXml, readXml } from "../../../protocols/wire/neware/xml-reader.ts";
import { addressOf, createNewareBench } from "../../support/neware-bench.ts";

const ASKED = [addressOf(0)];

const PIECES = [
  "<bts>",
  "</bts>",
  '<bts version="1.0">',
  "<cmd>inquire_resp</cmd>",
  "<cmd>donwload_resp</cmd>",
  '<list count="1">',
  "</list>",
  '<data seqid="1" stepid="1" testtime="0" volt="3" curr="0"/>',
  '<download testid="1"/>',
  '<inquire workstatus="finish" voltage="--"/>',
  "<status>finish</status>",
  "&amp;&#x110000;&#65;&lt",
  '"',
  "<",
  "</",
  "#\r\n",
  "\n\n",
  "<!--",
  "<?xml",
];
/** Text that looks like the dialect more often than chance would have it. */
const likely = fc
  .array(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...PIECES) }, { weight: 1, arbitrary: fc.string() }), {
    maxLength: 40,
  })
  .map((parts) => parts.join(""));

function pieces(bytes: Uint8Array, cuts: readonly number[]): readonly Uint8Array[] {
  const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((start, index) => bytes.slice(start, at[index] ?? bytes.length));
}

describe("whatever bytes come", () => {
  test("documents are the same however the chunks were cut", () => {
    fc.assert(
      fc.property(likely, fc.array(fc.nat(), { maxLength: 20 }), (text, cuts) => {
        const bytes = Buffer.from(text, "utf8");
        const documentsOf = (chunks: readonly Uint8Array[]): readonly string[] => {
          const documents: string[] = [];
          const splitter = createBtsSplitter((document) => documents.push(document), 120);
          for (const chunk of chunks) splitter.push(chunk);
          return [...documents, `dropped ${splitter.droppedMessages}`];
        };
        expect(documentsOf(pieces(bytes, cuts))).toEqual(documentsOf([bytes]));
      }),
      { numRuns: 2000 },
    );
  });

  test("decoding never throws", () => {
    fc.assert(
      fc.property(likely, (text) => {
        for (const document of [text, `<bts><cmd>x_resp</cmd>${text}</bts>`]) {
          const reply = decodeBtsReply(document);
          if (!reply.ok) continue;
          decodeConnected(reply.value);
          decodeDeviceList(reply.value);
          decodeStatuses(reply.value, ASKED);
          decodeLive(reply.value, ASKED);
          decodeLatestTests(reply.value, ASKED);
          decodeAcknowledgements(reply.value, ASKED);
          decodeStepLayers(reply.value);
          decodeLog(reply.value);
          const rows = decodeRows(reply.value);
          if (rows.ok)
            for (const row of rows.value.rows) expect(Number.isFinite(row.voltageV + row.currentA)).toBe(true);
        }
      }),
      { numRuns: 5000 },
    );
  });

  test("any text survives its escape", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const read = readXml(`<a b="${escapeXml(text)}">${escapeXml(text)}</a>`);
        const expected = Array.from(text, (character) => (character < " " ? " " : character)).join("");
        expect(read.ok && read.value.attributes.get("b")).toBe(expected);
        expect(read.ok && read.value.text).toBe(expected.trim());
      }),
    );
  });

  test("an endless document costs no more than one document's memory and is dropped whole", () => {
    const documents: string[] = [];
    const splitter = createBtsSplitter((document) => documents.push(document));
    splitter.push(Buffer.from("<bts>"));
    const chunk = new Uint8Array(65_536).fill(0x20);
    for (let sent = 0; sent < 4 * BTS_MESSAGE_BYTES_MAX; sent += chunk.length) splitter.push(chunk);
    splitter.push(Buffer.from("</bts>\n\n#\r\n<bts>1</bts>"));
    expect(documents).toEqual(["<bts>1</bts>"]);
    expect(splitter.droppedMessages).toBe(1);
  });

  test("the driver ends in a fault and works again when the noise is over", async () => {
    await fc.assert(
      fc.asyncProperty(likely, async (noise) => {
        let isNoisy = false;
        const bench = createNewareBench({
          cabinet: { replyMs: 500 },
          alter: (reply) => (isNoisy ? noise : reply),
        });
        await bench.settle(bench.one.channel.connect());
        isNoisy = true;
        const outcome = bench.one.channel.measureOpenCircuitV().then(
          () => "measured",
          (error: unknown) => (error instanceof Error ? error.name : "thrown"),
        );
        expect(await bench.settle(outcome)).toBe("Fault");
        isNoisy = false;
        await bench.settle(bench.one.channel.connect());
        expect(await bench.settle(bench.one.channel.measureOpenCircuitV())).toBeCloseTo(3.7, 3);
      }),
      { numRuns: 60 },
    );
  });
});
