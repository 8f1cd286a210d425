/**
 * The week of four boxes, whole: run unattended in the virtual world, then for each group its report and every form of
 * export, decoded and searched for what is another's. Prints one line per figure with its bound; exit 1 where one does
 * not hold.
 *
 *   node --import tsx test/bench/mail-in-week.ts [--folder DIR] [--forms bdf,nexus,bluesky,battinfo,rocrate,csv] [--group G]
 *
 * `--folder`: of a run that was made before; without it the week is run, in a process of its own.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { ExportedCampaign } from "../../controller/export/exported-campaign.ts";
import { readCampaignRecord } from "../../controller/export/read-campaign-record.ts";
import { campaignReport } from "../../controller/report/campaign-report.ts";
import { checkCampaign } from "../../protocols/campaign/check-campaign.ts";
import { plannedBeam } from "../../controller/schedule/planned-beam.ts";
import { openRecord } from "../../controller/record/record-reader.ts";
import { exportCommand } from "../../tui/commands/export.ts";
import { reportCommand } from "../../tui/commands/report.ts";
import { loadCampaign } from "../../tui/load-campaign.ts";
import { createNodeContext } from "../../tui/rim/node-context.ts";
import { createOutput } from "../../tui/rim/output.ts";
import { packageRoot } from "../../tui/rim/package-root.ts";
import { visitExport } from "../support/decoded-export.ts";

const WALL_MAX_S = 300;
const REPORT_MAX_S = 30;
const REPORT_MAX_MB = 15;
const SHARE_MAX = 0.05;
/** A number with so many digits is nobody else's by chance. */
const DIGITS_LEAST = 7;

const { values } = parseArgs({
  options: {
    group: { type: "string" },
    folder: { type: "string" },
    forms: { type: "string", default: "bdf,nexus,bluesky,battinfo,rocrate,csv" },
  },
});
const place = mkdtempSync(join(tmpdir(), "beamrack-week-"));
let brokenCount = 0;

function tell(what: string, value: string | number, isKept: boolean, bound: string): void {
  if (!isKept) brokenCount += 1;
  process.stdout.write(`${isKept ? "ok     " : "BROKEN "} ${what}: ${value} (${bound})\n`);
}

const nowS = (): number => performance.now() / 1000;
const root = packageRoot().folder;
const campaignPath = join(root, "protocols/campaigns/mail-in-week.yaml");
const context = createNodeContext({
  json: true,
  out: createOutput(process.stderr, process.env),
  err: createOutput(process.stderr, process.env),
});
const quiet = { ...context, print: () => undefined };

const folder = values.folder ?? join(place, "week");
if (values.folder === undefined) {
  const beganS = nowS();
  const run = spawnSync(
    process.execPath,
    ["--import", "tsx", "tui/main.ts", "simulate", campaignPath, "--data", folder, "--json"],
    { cwd: root, stdio: ["ignore", "ignore", "inherit"] },
  );
  const tookS = nowS() - beganS;
  tell(
    "the week, unattended",
    `${tookS.toFixed(0)} s`,
    run.status === 0 && tookS <= WALL_MAX_S,
    `at most ${WALL_MAX_S} s, exit 0`,
  );
}

interface Summary {
  readonly cells: { readonly by_state: Readonly<Record<string, number>> };
  readonly violations: readonly unknown[];
  readonly alarms: { readonly raised: number };
}
const summary = JSON.parse(readFileSync(join(folder, "summary.json"), "utf8")) as Summary;
tell("violations", summary.violations.length, summary.violations.length === 0, "none");

const loaded = loadCampaign(context, campaignPath);
if (loaded.kind === "refused") throw new Error("the week is refused");
const { simulated, shares = [] } = loaded.campaign;
const exchanged = new Set<string>(simulated?.exchanged.flat());
const faulty = simulated?.faults.flatMap((fault) =>
  typeof fault === "object" && fault !== null && "position" in fault && typeof fault["position"] === "string"
    ? [fault["position"]]
    : [],
);

const record = openRecord(folder);
const seen = new Map<string, Set<string>>();
const isolatedFor = new Map<string, string>();
const isolatedAtS = new Map<string, number>();
for (const scanned of record.events()) {
  if (scanned.kind !== "row") continue;
  const { type, dataText, atMs } = scanned.row;
  if (!["exposure-booked", "step-started", "cell-complete", "cell-isolated"].includes(type)) continue;
  const data = JSON.parse(dataText) as { readonly position: string; readonly code?: string };
  seen.set(type, (seen.get(type) ?? new Set()).add(data.position));
  if (type !== "cell-isolated") continue;
  isolatedFor.set(data.position, data.code ?? "");
  isolatedAtS.set(data.position, atMs / 1000);
}
const whole = readCampaignRecord(record, null, folder);
const { accounts } = campaignReport(record, whole);
record.close();
const touched = [...exchanged].filter(
  (one) => seen.get("exposure-booked")?.has(one) === true || seen.get("step-started")?.has(one) === true,
);
tell("exchanged cells that got current or beam", touched.join(" ") || "none", touched.length === 0, "none");
for (const position of exchanged) {
  const code = isolatedFor.get(position) ?? "not isolated";
  tell(`exchanged cell ${position}`, code, code === "cell.wrong", "cell.wrong");
}
for (const position of faulty ?? []) {
  const code = isolatedFor.get(position) ?? "not isolated";
  tell(`leaking cell ${position}`, code, isolatedFor.has(position), "isolated");
}
const others = whole.cells.filter(({ position }) => !exchanged.has(position) && faulty?.includes(position) !== true);
const incomplete = others.filter(({ position }) => seen.get("cell-complete")?.has(position) !== true);
tell(
  "all other cells complete",
  `${others.length - incomplete.length} of ${others.length}`,
  incomplete.length === 0,
  "all",
);

const beamS = accounts.reduce((sum, { beamS: own }) => sum + own, 0);
const plannedSum = shares.reduce((sum, { beamTime }) => sum + beamTime, 0);
const left = leftOfPlan();
const leftSum = [...left.values()].reduce((sum, seconds) => sum + seconds, 0);
for (const { group, beamTime } of shares) {
  const had = (accounts.find((one) => one.group === group)?.beamS ?? 0) / beamS;
  for (const [which, planned] of [
    ["planned", beamTime / plannedSum],
    ["planned without what cells given up did not take", (left.get(group) ?? 0) / leftSum],
  ] as const) {
    const off = had / planned - 1;
    const text = `${(100 * had).toFixed(2)} % of the beam, ${which} ${(100 * planned).toFixed(2)} %, off by ${(100 * (had - planned)).toFixed(2)} points, ${(100 * off).toFixed(1)} % of the plan`;
    tell(`share of ${group}`, text, Math.abs(off) <= SHARE_MAX, "within 5 % of the plan");
  }
}

/** Seconds of beam by group, as planned: of a cell that was given up those of its protocol that it had gone through. */
function leftOfPlan(): ReadonlyMap<string, number> {
  if (loaded.kind === "refused") throw new Error("the week is refused");
  const { campaign, site } = loaded;
  const { protocols } = checkCampaign(campaign, site, context.attenuationTables(), campaignPath).forecast;
  const seconds = new Map<string, number>();
  for (const [cellIndex, own] of plannedBeam(campaign, site, protocols) ?? []) {
    const cell = campaign.cells[cellIndex];
    if (cell === undefined) continue;
    const lastsS = protocols.find(({ name }) => name === cell.protocol.name)?.durationS ?? Infinity;
    const part = Math.min(1, (isolatedAtS.get(cell.position) ?? lastsS) / lastsS);
    seconds.set(cell.group, (seconds.get(cell.group) ?? 0) + part * own.beamS);
  }
  return seconds;
}

interface Foreign {
  readonly words: readonly string[];
  readonly places: RegExp;
  readonly values: ReadonlySet<number>;
}

/** What no page or file of a group may say. */
function foreignTo(group: string, campaign: ExportedCampaign): Foreign {
  const cells = campaign.cells.filter((cell) => cell.group !== group);
  const own = new Set<number>();
  const valuesOf = (of: ExportedCampaign["cells"]): readonly number[] =>
    of.flatMap(({ exposures }) =>
      exposures.flatMap(({ fluencePhCm2, openSeenAtMs, bookedAtMs }) => [
        fluencePhCm2,
        openSeenAtMs ?? NaN,
        bookedAtMs,
      ]),
    );
  for (const value of valuesOf(campaign.cells.filter((cell) => cell.group === group))) own.add(value);
  const names = cells.flatMap(({ barcode, channel, exposures }) => [
    barcode,
    channel ?? "",
    campaign.instruments.find(({ name }) => name === channel)?.serialNumber ?? "",
    ...exposures.map(({ exposureId }) => exposureId),
  ]);
  const groups = [...new Set(cells.map((cell) => cell.group))];
  return {
    words: [...new Set([...groups, ...names])].filter((name) => name !== ""),
    places: new RegExp(
      `(?<![\\p{L}\\p{N}_./#-])(?:${cells.map(({ position }) => position).join("|")})(?![\\p{L}\\p{N}])`,
      "u",
    ),
    values: new Set(
      valuesOf(cells).filter((value) => !own.has(value) && String(value).replace(/\D/g, "").length >= DIGITS_LEAST),
    ),
  };
}

/** All words at once: a text is gone over once, whatever the number of words. */
function searchFor({ words, places, values: numbers }: Foreign) {
  const found = new Set<string>();
  const known = new Set(words);
  const TOKEN = /[A-Za-z0-9][A-Za-z0-9_.-]*/g;
  return {
    found,
    text(text: string): void {
      for (const [token] of text.matchAll(TOKEN)) if (known.has(token)) found.add(token);
      const [at] = places.exec(text) ?? [];
      if (at !== undefined) found.add(`${at} in ${JSON.stringify(text.slice(0, 120))}`);
    },
    number(value: number): void {
      if (numbers.has(value)) found.add(String(value));
    },
  };
}

for (const { group } of shares) {
  if (values.group !== undefined && values.group !== group) continue;
  const foreign = foreignTo(group, whole);
  const out = join(place, `${group}.html`);
  const beganS = nowS();
  const code = await reportCommand(quiet, [folder, "--group", group, "--out", out]);
  const tookS = nowS() - beganS;
  const sizeMb = statSync(out).size / 1e6;
  const isKept = code === 0 && tookS <= REPORT_MAX_S && sizeMb <= REPORT_MAX_MB;
  tell(`report of ${group}`, `${tookS.toFixed(1)} s, ${sizeMb.toFixed(1)} MB`, isKept, "30 s, 15 MB");
  const page = searchFor(foreign);
  page.text(readFileSync(out, "utf8").replaceAll(/<style>[^]*?<\/style>|<script>[^]*?<\/script>| d="[^"]*"/g, ""));
  tell(
    `foreign in the report of ${group}`,
    [...page.found].slice(0, 5).join("; ") || "nothing",
    page.found.size === 0,
    "nothing",
  );
  for (const form of values.forms.split(",")) {
    const exportFolder = join(place, `${group}-${form}`);
    const startedS = nowS();
    const ended = await exportCommand(quiet, [folder, "--as", form, "--group", group, "--out", exportFolder]);
    const search = searchFor(foreign);
    const exportS = nowS() - startedS;
    await visitExport(exportFolder, search);
    const text = `${[...search.found].slice(0, 5).join("; ") || "nothing"}, exported in ${exportS.toFixed(1)} s`;
    tell(`foreign in ${form} of ${group}`, text, ended === 0 && search.found.size === 0, "nothing");
    rmSync(exportFolder, { recursive: true, force: true });
  }
}
rmSync(place, { recursive: true, force: true });
process.exitCode = brokenCount === 0 ? 0 : 1;
