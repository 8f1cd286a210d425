/** `beamrack amend DIR CAMPAIGN.yaml`: a change of mind about a campaign under way, checked, previewed, on record. */
import type { EventType } from "../../controller/record/event-types.ts";
import { dirname, isAbsolute, join, normalize } from "node:path";
import { parseArgs } from "node:util";
import { judgeAmendment } from "../../controller/amendments/judge-amendment.ts";
import { cellsToBring, recordAmendment } from "../../controller/amendments/record-amendment.ts";
import { createLedgerCells } from "../../controller/dose/ledger-cells.ts";
import { openStore, type RecordStore, type StoreOptions } from "../../controller/record/store.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import { findingText, type Finding } from "../../protocols/base/finding.ts";
import { calendarOf } from "../../protocols/campaign/beam-forecast.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import { inRecordedOrder } from "../../protocols/campaign/cell-order.ts";
import { checkCampaign } from "../../protocols/campaign/check-campaign.ts";
import { campaignReferences } from "../../protocols/campaign/resolve-protocols.ts";
import type { InputDocument } from "../../protocols/input/document.ts";
import { amendmentJson, changeLine, whatIfLine } from "../amend/amendment-text.ts";
import { campaignInForce, keepCampaign, readAmendable, type AmendableFolder } from "../amend/campaign-in-force.ts";
import { writeProposal } from "../amend/proposals.ts";
import { whatIf } from "../amend/what-if.ts";
import { CLIENT_OPTIONS, type ClientValues } from "../bus/client-options.ts";
import type { CommandContext } from "../command-context.ts";
import { loadCampaign } from "../load-campaign.ts";
import { orderOnce } from "./orders.ts";

export type AmendContext = Pick<
  CommandContext,
  "json" | "print" | "printError" | "readText" | "attenuationTables" | "clock" | "self" | "version" | "environment"
>;

interface AmendOptions {
  readonly folder: string;
  readonly campaignPath: string;
  readonly sitePath: string | undefined;
  /** The file that the campaign in force was read from, where the folder has lost it. */
  readonly fromPath: string | undefined;
  readonly name: string | undefined;
  readonly reason: string | undefined;
  readonly isPreview: boolean;
  /** Where the controller is on the bus, should one run in the folder. */
  readonly client: ClientValues & { readonly "take-over": boolean };
}

/** As long as the exposure under way may last. */
const AMENDED_WITHIN_MS = 120_000;

export async function amendCommand(context: AmendContext, args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  const loaded = loadCampaign(context, options.campaignPath, options.sitePath);
  if (loaded.kind === "refused") return refuse(context, loaded.findings);
  const { campaign: asked, site, campaignHash } = loaded;
  const tables = context.attenuationTables();
  const check = checkCampaign(asked, site, tables, loaded.document);
  if (!check.ok) return refuse(context, [...loaded.findings, ...check.findings]);

  const folder = readAmendable(options.folder);
  if (folder.header.world === "virtual") {
    const what = "the record is that of a simulated run, which is repeated from its begin and not gone on with";
    throw new Fault("amend.impossible", options.folder, what);
  }
  if (folder.header.siteHash !== loaded.siteHash) {
    throw new Fault("store.other-campaign", options.folder, "the site changed since the run began, or is another");
  }
  const { positions } = folder.progress;
  const current = inRecordedOrder(currentCampaign(context, options, folder), positions);
  const proposed = inRecordedOrder(asked, positions);
  const { changes, refusals } = judgeAmendment(current, proposed, folder.progress);
  if (refusals.length > 0) return refuse(context, refusals);
  const ifSo = whatIf(current, proposed, site, tables, folder.progress.rows);
  const about = { changes, ifSo };
  if (changes.length === 0) return tell(context, "Nothing would change.", about, { ok: true, amended: null });
  if (options.isPreview) {
    const text = `${changes.length} changes; nothing is on record yet.`;
    return tell(context, text, about, { ok: true, amended: null });
  }
  const { name, reason } = options;
  if (name === undefined || reason === undefined) {
    const isRaised = changes.some((change) => change.isRaised === true);
    const what = isRaised ? "a dose limit is raised: somebody answers for it" : "it goes into the log";
    throw new Fault("command.usage", "beamrack amend", `${what} by --name and --reason; --preview needs neither`);
  }

  const texts = textsOf(context, options.campaignPath, loaded.document);
  const store = openFolder({
    ...{ folder: options.folder, clock: context.clock, durability: "power-loss", commitLatencyMs: 0 },
    header: folder.header,
    channelCount: proposed.cells.length,
    holder: { ...context.self, sinceMs: context.clock.wallMs() },
  });
  if (store === "in-use") {
    const proposal = writeProposal(options.folder, { campaign: asked, texts });
    const order = { command: "amend", args: { proposal, based_on: folder.campaignHash, name } } as const;
    const reply = await orderOnce(context, { ...options.client, reason }, order, AMENDED_WITHIN_MS);
    if (reply.outcome === "refused") {
      const finding = { severity: "error", code: "amend.refused", where: "controller", what: reply.what } as const;
      return refuse(context, [{ ...finding, advice: reply.advice }]);
    }
    const done = `The running controller says: ${reply.what}.`;
    return tell(context, done, about, { ok: true, amended: reply.amended ?? null });
  }
  const number = folder.amendments.length + 1;
  try {
    // Only from here on is the folder held: a run, or another amendment, may have been at it since it was read.
    if (store.head.seq !== folder.eventCount) {
      const what = "its record went on while the amendment was judged; give the command again";
      throw new Fault("amend.impossible", options.folder, what);
    }
    const { progress } = folder;
    const atMs = Math.max(progress.atMs, context.clock.wallMs() - progress.startMs);
    const recorder = {
      record(type: EventType, data: Parameters<typeof store.appendEvent>[0]["data"]): void {
        store.appendEvent({ atMs, type, data });
      },
    };
    const amendment = { number, author: name, reason, changes, proposed, campaignHash, texts };
    const toBring = cellsToBring(current, proposed);
    const cells = createLedgerCells(proposed, site, tables);
    recordAmendment(recorder, amendment, { site, cells, progress, toBring });
    await store.commit();
  } finally {
    store.close();
  }
  keepCampaign(options.folder, asked);
  const text = `Amendment ${number} is on record, by ${name}. The run goes on under it: beamrack run ${options.campaignPath} --data ${options.folder}`;
  return tell(context, text, about, { ok: true, amended: number });
}

/** A controller that runs in the folder is to amend it by itself. */
function openFolder(options: StoreOptions): RecordStore | "in-use" {
  try {
    return openStore(options);
  } catch (error) {
    if (isFault(error) && error.code === "store.in-use") return "in-use";
    throw error;
  }
}

/** The campaign's file first, then its protocols' and its calendar's by their paths as it writes them. */
function textsOf(context: AmendContext, campaignPath: string, document: InputDocument): ReadonlyMap<string, string> {
  const texts = new Map([[campaignPath, context.readText(campaignPath)]]);
  const calendar = calendarOf(document);
  for (const { path } of [...campaignReferences(document).protocols, ...(calendar === undefined ? [] : [calendar])]) {
    texts.set(path, context.readText(isAbsolute(path) ? path : normalize(join(dirname(campaignPath), path))));
  }
  return texts;
}

function currentCampaign(context: AmendContext, options: AmendOptions, folder: AmendableFolder): Campaign {
  const kept = campaignInForce(options.folder, folder.campaignHash);
  if (kept !== undefined) return kept;
  const { fromPath } = options;
  if (fromPath === undefined) {
    const what = "the folder does not hold the campaign it goes by; name its file with --from";
    throw new Fault("amend.impossible", options.folder, what);
  }
  const loaded = loadCampaign(context, fromPath, options.sitePath);
  if (loaded.kind === "loaded" && loaded.campaignHash === folder.campaignHash) return loaded.campaign;
  throw new Fault("amend.impossible", fromPath, `this is not the campaign that ${options.folder} goes by`);
}

function tell(
  context: AmendContext,
  text: string,
  {
    changes,
    ifSo,
  }: { readonly changes: Parameters<typeof amendmentJson>[0]; readonly ifSo: ReturnType<typeof whatIf> },
  document: object,
): number {
  if (context.json) {
    context.print(JSON.stringify({ ...document, ...(amendmentJson(changes, ifSo) as object), findings: [] }));
    return 0;
  }
  if (changes.length > 0) context.print("changes");
  for (const change of changes) context.print(changeLine(change));
  if (ifSo.length > 0) context.print("what check forecasts, as if it had been so from the begin");
  for (const row of ifSo) context.print(whatIfLine(row));
  context.print(text);
  return 0;
}

function refuse(context: AmendContext, findings: readonly Finding[]): number {
  if (context.json) context.print(JSON.stringify({ ok: false, amended: null, findings }));
  for (const finding of findings) if (finding.severity !== "note") context.printError(findingText(finding));
  context.printError("Refused: nothing was amended.");
  return 2;
}

function parseOptions(args: readonly string[]): AmendOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    strict: true,
    options: {
      site: { type: "string" },
      from: { type: "string" },
      name: { type: "string" },
      reason: { type: "string" },
      preview: { type: "boolean", default: false },
      check: { type: "boolean", default: false },
      "take-over": { type: "boolean", default: false },
      ...CLIENT_OPTIONS,
    },
  });
  const [folder, campaignPath, ...more] = positionals;
  if (folder === undefined || campaignPath === undefined || more.length > 0) {
    throw new Fault("command.usage", "beamrack amend", "takes a data folder and the campaign's new file");
  }
  for (const key of ["name", "reason"] as const) {
    if (values[key]?.trim() === "") throw new Fault("command.usage", `--${key}`, "says nothing");
  }
  return {
    ...{ folder, campaignPath, sitePath: values.site, fromPath: values.from },
    ...{ name: values.name, reason: values.reason, isPreview: values.preview || values.check },
    client: {
      ...{ broker: values.broker, credentials: values.credentials, rack: values.rack },
      "take-over": values["take-over"],
    },
  };
}
