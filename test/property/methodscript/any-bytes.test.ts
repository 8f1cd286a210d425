import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { classifyLine } from "../../../protocols/wire/methodscript/reply-line.ts";
import {
  createLineSplitter,
  lineText,
  REPLY_LINE_BYTES_MAX,
} from "../../../protocols/wire/methodscript/line-splitter.ts";
import { createPackageFields, decodePackage } from "../../../protocols/wire/methodscript/package-decoder.ts";
import { formatLiteral } from "../../../protocols/wire/methodscript/literal.ts";
import { readLiteral } from "../../../simulator/palmsens-methodscript/script-lexer.ts";
import { createPackageWriter } from "../../../simulator/palmsens-methodscript/package-writer.ts";
import type { CellLimits } from "../../../protocols/roles/channel.ts";
import { createBench, createTerminal } from "../../support/methodscript-bench.ts";

const limits: CellLimits = { voltageMaxV: 4.3, voltageMinV: 2.5, currentMaxA: 0.05, currentMinA: -0.05 };

const LIKELY = "PTMLCZlre!*+-;,abd0189AFu \n\n";

/** Bytes that look like the dialect more often than chance would have it. */
const likelyByte = fc.oneof(
  fc.integer({ min: 0, max: 255 }),
  fc.nat({ max: LIKELY.length - 1 }).map((at) => LIKELY.charCodeAt(at)),
);
const likelyBytes = fc.array(likelyByte, { maxLength: 400 }).map((bytes) => Uint8Array.from(bytes));

/** The same bytes in pieces cut anywhere. */
function pieces(bytes: Uint8Array, cuts: readonly number[]): readonly Uint8Array[] {
  const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((start, index) => bytes.slice(start, at[index] ?? bytes.length));
}

const cutPoints = fc.array(fc.nat(), { maxLength: 20 });

describe("whatever bytes come", () => {
  test("lines are the same however the chunks were cut", () => {
    fc.assert(
      fc.property(likelyBytes, cutPoints, (bytes, cuts) => {
        const linesOf = (chunks: readonly Uint8Array[]): readonly string[] => {
          const lines: string[] = [];
          const splitter = createLineSplitter((from, start, end) => lines.push(lineText(from, start, end)), 50);
          for (const chunk of chunks) splitter.push(chunk);
          return [...lines, `dropped ${splitter.droppedLines}`];
        };
        expect(linesOf(pieces(bytes, cuts))).toEqual(linesOf([bytes]));
      }),
      { numRuns: 500 },
    );
  });

  test("an endless line costs no more than one line's memory and is dropped whole", () => {
    const lines: string[] = [];
    const splitter = createLineSplitter((bytes, start, end) => lines.push(lineText(bytes, start, end)));
    const chunk = new Uint8Array(4096).fill(0x50);
    for (let round = 0; round < 1000; round += 1) splitter.push(chunk);
    splitter.push(Buffer.from("\nZ\n"));
    expect(lines).toEqual(["Z"]);
    expect(splitter.droppedLines).toBe(1);
    splitter.push(Buffer.from(`${"x".repeat(REPLY_LINE_BYTES_MAX)}\n`));
    expect(lines).toHaveLength(2);
  });

  test("decoding and classifying never throw", () => {
    const fields = createPackageFields();
    fc.assert(
      fc.property(likelyBytes, (bytes) => {
        const trouble = decodePackage(bytes, 0, bytes.length, fields);
        if (trouble === null) expect(fields.count).toBeGreaterThan(0);
        classifyLine(lineText(bytes, 0, bytes.length));
      }),
      { numRuns: 2000 },
    );
  });

  test("a value keeps at least seven digits from the instrument's writer to the driver's reader", () => {
    const fields = createPackageFields();
    const writer = createPackageWriter();
    fc.assert(
      fc.property(fc.double({ min: -1e12, max: 1e12, noNaN: true }), (value) => {
        writer.begin();
        writer.addFloat(1, value, -1, -1, false);
        const line = writer.end();
        expect(decodePackage(line, 0, line.length - 1, fields)).toBeNull();
        // Below the finest prefix nothing is left.
        expect(Math.abs((fields.values[0] ?? Number.NaN) - value)).toBeLessThanOrEqual(
          Math.max(1e-18, Math.abs(value) * 4e-6),
        );
      }),
      { numRuns: 2000 },
    );
  });

  test("a literal reads back as the number it was made of, and limits never grow", () => {
    fc.assert(
      fc.property(fc.double({ min: -100, max: 100, noNaN: true }), (value) => {
        const nearest = readLiteral(formatLiteral(value, 6) ?? "");
        const down = readLiteral(formatLiteral(value, 6, "down") ?? "");
        const up = readLiteral(formatLiteral(value, 6, "up") ?? "");
        expect(Math.abs((nearest?.value ?? Number.NaN) - value)).toBeLessThanOrEqual(0.500001e-6);
        expect(down?.value).toBeLessThanOrEqual(value + 1e-12);
        expect(up?.value).toBeGreaterThanOrEqual(value - 1e-12);
      }),
    );
  });

  test("the instrument survives any input and still answers", async () => {
    await fc.assert(
      fc.asyncProperty(likelyBytes, async (bytes) => {
        const terminal = createTerminal();
        terminal.send(Buffer.from(bytes).toString("latin1"));
        await terminal.pass(0.2);
        terminal.send("\n\n");
        await terminal.pass(0.2);
        terminal.send("Z\n");
        await terminal.pass(0.2);
        terminal.take();
        terminal.send("i\n");
        await terminal.pass(0.2);
        expect(terminal.take()).toBe("iES4HR20B0008\n");
      }),
      { numRuns: 150 },
    );
  });

  test("a step's samples are the same however the stream is cut", async () => {
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.integer({ min: 1, max: 30 })), async (sizes: Iterator<number, unknown>) => {
        const bench = createBench({
          wrapEnd: (end) => ({
            ...end,
            send(chunk) {
              let at = 0;
              while (at < chunk.length) {
                const size = Number(sizes.next().value);
                end.send(chunk.slice(at, at + size));
                at += size;
              }
            },
          }),
        });
        await bench.settle(bench.channel.connect());
        await bench.settle(
          bench.channel.start({
            kind: "constant-current",
            currentA: 0.003,
            untilVoltageV: 4.2,
            sampleIntervalS: 1,
            untilTimeS: 60,
            limits,
          }),
        );
        await bench.pass(20);
        expect(bench.ends).toEqual(["voltage"]);
        expect(bench.samples).toHaveLength(10);
        expect(bench.faults).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  test("rubbish on the line while a step runs never stops the driver from aborting it", async () => {
    await fc.assert(
      fc.asyncProperty(likelyBytes, async (bytes) => {
        const bench = createBench();
        await bench.settle(bench.channel.connect());
        await bench.settle(bench.channel.start({ kind: "rest", sampleIntervalS: 1, untilTimeS: 600, limits }));
        await bench.pass(2.2);
        bench.cable.end.send(bytes);
        bench.cable.end.send(Buffer.from("\n"));
        await bench.pass(2);
        await bench.settle(bench.channel.abort());
        expect(bench.twin.isRunning).toBe(false);
        expect(bench.twin.isCellOn).toBe(false);
        expect(bench.ends.length + bench.stepFaults.length).toBeGreaterThanOrEqual(1);
      }),
      { numRuns: 60 },
    );
  });
});
