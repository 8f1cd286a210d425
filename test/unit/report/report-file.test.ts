import fs, { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createReportFile } from "../../../tui/report/report-file.ts";

const link = fs.linkSync;
const rename = fs.renameSync;
let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "beamrack-report-"));
  path = join(folder, "report.html");
});

afterEach(() => {
  [fs.linkSync, fs.renameSync] = [link, rename];
  syncBuiltinESMExports();
  rmSync(folder, { recursive: true, force: true });
});

/** As a file system answers that knows no second name of a file. */
function withoutLinks(code: string): void {
  fs.linkSync = () => {
    throw Object.assign(new Error(`${code}: operation not permitted, link`), { code });
  };
  syncBuiltinESMExports();
}

describe.each([null, "EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"])(
  "a report's file, links refused: %s",
  (code) => {
    beforeEach(() => {
      if (code !== null) withoutLinks(code);
    });

    it("gets its name when all is in it", () => {
      const file = createReportFile(path);
      file.write("<!doctype html>");
      expect(readdirSync(folder)).toEqual(["report.html.part"]);
      expect(file.finish()).toMatchObject({ bytes: 15 });
      file.discard();
      expect(readdirSync(folder)).toEqual(["report.html"]);
      expect(readFileSync(path, "utf8")).toBe("<!doctype html>");
    });

    it("takes the place of nothing that came meanwhile", () => {
      const file = createReportFile(path);
      file.write("<!doctype html>");
      writeFileSync(path, "mine");
      expect(() => file.finish()).toThrow(expect.objectContaining({ code: "export.exists", where: path }) as Error);
      file.discard();
      expect(readdirSync(folder)).toEqual(["report.html"]);
      expect(readFileSync(path, "utf8")).toBe("mine");
    });
  },
);

it("leaves nothing of a report that cannot get its name", () => {
  withoutLinks("EPERM");
  fs.renameSync = () => {
    throw Object.assign(new Error("EIO: i/o error, rename"), { code: "EIO" });
  };
  syncBuiltinESMExports();
  const file = createReportFile(path);
  file.write("<!doctype html>");
  expect(() => file.finish()).toThrow(expect.objectContaining({ code: "output.unwritable", where: path }) as Error);
  file.discard();
  expect(readdirSync(folder)).toEqual([]);
});

it("tells what else the disk says, and does not try another way", () => {
  withoutLinks("ENOSPC");
  const file = createReportFile(path);
  expect(() => file.finish()).toThrow(expect.objectContaining({ code: "output.unwritable", where: path }) as Error);
  file.discard();
  expect(readdirSync(folder)).toEqual([]);
});
