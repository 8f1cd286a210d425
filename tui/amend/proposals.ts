/**
 * Amendments that are proposed to a controller that runs: each a file in the data folder, named by the hash of what is in
 * it. The order over the bus names the hash; nothing else of the file is believed.
 */
import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, mkdirSync, openSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { isRecord } from "../../controller/record/ledger-row.ts";
import { parseJson } from "../../controller/record/record-header.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import { hashOf } from "../load-campaign.ts";
import { writeWhole } from "../virtual/world-files.ts";

const FOLDER = "amendments";
const VERSION = 1;
/** Many times what 96 cells of different protocols come to. */
const BYTES_MAX = 32 * 1024 * 1024;
const HASH = /^[0-9a-f]{64}$/;

export interface Proposal {
  /** As it was read from its file, and checked. */
  readonly campaign: Campaign;
  readonly campaignHash: string;
  readonly texts: ReadonlyMap<string, string>;
}

/** Returns the hash by which it is ordered. Throws Fault `output.unwritable`. */
export function writeProposal(folder: string, { campaign, texts }: Omit<Proposal, "campaignHash">): string {
  const text = `${JSON.stringify({ v: VERSION, campaign, texts: Object.fromEntries(texts) })}\n`;
  const hash = sha256(text);
  mkdirSync(join(folder, FOLDER), { recursive: true });
  writeWhole(proposalPath(folder, hash), text);
  return hash;
}

/** A text says why there is none. */
export function readProposal(folder: string, hash: string): Proposal | string {
  const text = HASH.test(hash) ? readPlainFile(proposalPath(folder, hash)) : undefined;
  if (text === undefined) {
    return "the run's folder has no such proposal; give it with beamrack amend, on the controller's machine";
  }
  const value = sha256(text) === hash ? parseJson(text) : undefined;
  if (!isRecord(value) || !isRecord(value["campaign"]) || !isRecord(value["texts"])) {
    return "the proposal in the run's folder is damaged";
  }
  // Written by this very program, and every byte of it is vouched for by the hash that was ordered.
  const campaign = value["campaign"] as unknown as Campaign;
  const texts = new Map(
    Object.entries(value["texts"]).flatMap(([path, one]) => (typeof one === "string" ? [[path, one] as const] : [])),
  );
  return { campaign, campaignHash: hashOf(campaign), texts };
}

/** The campaign that was proposed under this hash; undefined where none was, or its file is damaged. */
export function proposedCampaign(folder: string, campaignHash: string): Campaign | undefined {
  for (const name of namesIn(join(folder, FOLDER))) {
    const proposal = readProposal(folder, basename(name, ".json"));
    if (typeof proposal !== "string" && proposal.campaignHash === campaignHash) return proposal.campaign;
  }
  return undefined;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Undefined for what is no plain file of some length: neither a link nor a pipe keeps whoever reads it waiting. */
function readPlainFile(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    const stats = fstatSync(file);
    return stats.isFile() && stats.size <= BYTES_MAX ? readFileSync(file, "utf8") : undefined;
  } catch {
    return undefined;
  } finally {
    closeSync(file);
  }
}

function proposalPath(folder: string, hash: string): string {
  return join(folder, FOLDER, `${hash}.json`);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
