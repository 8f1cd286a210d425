/**
 * What every barcode reader owes whoever asks it. A bench brings the driver, a reader behind a cable that can fail, and
 * what lies before the glass; it may run on virtual or real time.
 */
import { describe, expect, it } from "vitest";
import type { Fault } from "../../protocols/base/fault.ts";
import type { BarcodeReader } from "../../protocols/roles/barcode-reader.ts";
import type { AfterTest, ContractOptions } from "./contract-run.ts";

export interface BarcodeReaderBench {
  readonly reader: BarcodeReader;
  readonly faults: readonly Fault[];
  readonly finish: <T>(work: Promise<T>) => Promise<T>;
  readonly pass: (ms: number) => Promise<void>;
  readonly nowMs: () => number;
  /** These codes lie before the glass from now on. */
  readonly show: (...codes: readonly string[]) => void;
  /** A person pulls the trigger of a hand-held reader; nothing for one that looks on command. */
  readonly pullTrigger: () => void;
  /** The next thing printed is this instead; cut, it has no end. */
  readonly printNext: (text: string, isCut?: boolean) => void;
  readonly hang: (isHung: boolean) => void;
  readonly cut: () => void | Promise<void>;
  readonly close?: () => Promise<void> | void;
}

export interface BarcodeReaderBenchOptions {
  readonly device?: "right" | "wrong";
}

export interface BarcodeReaderTraits {
  /** It can be told from another device when it is connected. */
  readonly isIdentified: boolean;
}

/** `makeBench` gives a reader that is not connected yet. */
export function barcodeReaderContract(
  name: string,
  traits: BarcodeReaderTraits,
  makeBench: (options: BarcodeReaderBenchOptions) => BarcodeReaderBench | Promise<BarcodeReaderBench>,
  { isConcurrent = false }: ContractOptions = {},
): void {
  (isConcurrent ? describe.concurrent : describe)(`a barcode reader by ${name}`, () => {
    async function bench(after: AfterTest, options: BarcodeReaderBenchOptions = {}): Promise<BarcodeReaderBench> {
      const made = await makeBench(options);
      after(async () => {
        made.reader.disconnect();
        await made.close?.();
      });
      return made;
    }

    async function connected(after: AfterTest): Promise<BarcodeReaderBench> {
      const made = await bench(after);
      await made.finish(made.reader.connect());
      return made;
    }

    /** Asks, and pulls the trigger a moment later for a reader held by hand. */
    async function read(made: BarcodeReaderBench, pulls = 1, withinMs = 2000): Promise<string> {
      const reading = made.reader.readCode(withinMs);
      reading.catch(() => undefined);
      for (let pull = 0; pull < pulls; pull += 1) {
        await made.pass(20);
        made.pullTrigger();
      }
      return (await made.finish(reading)).code;
    }

    it("says what it is", async ({ onTestFinished: after }) => {
      const made = await bench(after);
      expect((await made.finish(made.reader.connect())).model.length).toBeGreaterThan(3);
    });

    if (traits.isIdentified) {
      it("is refused when it is something else, and named silent when nothing answers", async ({
        onTestFinished: after,
      }) => {
        const other = await bench(after, { device: "wrong" });
        await expect(other.finish(other.reader.connect())).rejects.toMatchObject({ code: "device.wrong" });
        const dead = await bench(after);
        dead.hang(true);
        await expect(dead.finish(dead.reader.connect())).rejects.toMatchObject({ code: "link.timeout" });
      });
    }

    it("tells the code of what lies before it, one after the other", async ({ onTestFinished: after }) => {
      const made = await connected(after);
      made.show("R-0001");
      expect(await read(made)).toBe("R-0001");
      made.show("R-0002");
      expect(await read(made)).toBe("R-0002");
    });

    it("tells the same code again for the same cell, when time has passed", async ({ onTestFinished: after }) => {
      const made = await connected(after);
      made.show("R-0001");
      expect(await read(made)).toBe("R-0001");
      await made.pass(1500);
      expect(await read(made)).toBe("R-0001");
    });

    it("says that nothing was read, in time", async ({ onTestFinished: after }) => {
      const made = await connected(after);
      made.show();
      const startMs = made.nowMs();
      await expect(made.finish(made.reader.readCode(1500))).rejects.toMatchObject({ code: "code.none" });
      expect(made.nowMs() - startMs).toBeLessThan(3000);
    });

    it("does not give what was read before it was asked", async ({ onTestFinished: after }) => {
      const made = await connected(after);
      made.show("R-0001");
      made.pullTrigger();
      await made.pass(500);
      made.show();
      await expect(made.finish(made.reader.readCode(500))).rejects.toMatchObject({ code: "code.none" });
    });

    it("does not choose between two codes", async ({ onTestFinished: after }) => {
      const made = await connected(after);
      made.show("R-0001", "R-0002");
      await expect(
        Promise.resolve().then(async () => {
          const reading = made.reader.readCode(2000);
          reading.catch(() => undefined);
          for (let pull = 0; pull < 2; pull += 1) {
            await made.pass(50);
            made.pullTrigger();
            await made.pass(90);
          }
          return made.finish(reading);
        }),
      ).rejects.toMatchObject({ code: "code.ambiguous" });
    });

    it("takes nothing for a code that cannot be one", async ({ onTestFinished: after }) => {
      const made = await connected(after);
      made.show();
      for (const noise of ["R 0001", "x", "R-\u00fe001", "A".repeat(100)]) {
        made.printNext(noise);
        await expect(read(made, 1, 400)).rejects.toMatchObject({ code: "code.implausible" });
      }
    });

    it("does not glue half a line to the next one", async ({ onTestFinished: after }) => {
      const made = await connected(after);
      made.show("R-0002");
      made.printNext("R-00", true);
      const reading = made.reader.readCode(6000);
      reading.catch(() => undefined);
      await made.pass(20);
      made.pullTrigger();
      await made.pass(2000);
      made.pullTrigger();
      expect((await made.finish(reading)).code).toBe("R-0002");
    });

    it("stops waiting when its signal is aborted, and reads again after", async ({ onTestFinished: after }) => {
      const made = await connected(after);
      made.show();
      const abort = new AbortController();
      const reading = made.reader.readCode(60_000, abort.signal);
      reading.catch(() => undefined);
      await made.pass(300);
      abort.abort(new Error("cancelled"));
      await expect(made.finish(reading)).rejects.toThrow("cancelled");
      await made.pass(1500);
      made.show("R-0003");
      expect(await read(made)).toBe("R-0003");
    });

    it("reads again when its cable has hung for a while", async ({ onTestFinished: after }) => {
      const made = await connected(after);
      made.show("R-0001");
      made.hang(true);
      await expect(read(made, 1, 500)).rejects.toMatchObject({ code: "code.none" });
      made.hang(false);
      await made.pass(1500);
      expect(await read(made)).toBe("R-0001");
    });

    it("tells of a cable that drops while it waits, and works again after connecting", async ({
      onTestFinished: after,
    }) => {
      const made = await connected(after);
      made.show();
      const reading = made.reader.readCode(60_000);
      reading.catch(() => undefined);
      await made.pass(100);
      await made.cut();
      await expect(made.finish(reading)).rejects.toMatchObject({ code: "link.closed" });
      expect(made.faults.map(({ code }) => code)).toEqual(["link.closed"]);
      await made.finish(made.reader.connect());
      made.show("R-0004");
      expect(await read(made)).toBe("R-0004");
    });

    it("tells every code once to who listens, however often it is repeated", async ({ onTestFinished: after }) => {
      const made = await connected(after);
      const codes: string[] = [];
      made.reader.onRead(({ code }) => codes.push(code));
      made.show("R-0001");
      await read(made, 3);
      await made.pass(300);
      expect(codes).toEqual(["R-0001"]);
    });
  });
}
