/** One seed of the search: a campaign in a folder of its own, which is gone afterwards, and what the world found. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { faultNote } from "../../controller/machines/errors.ts";
import { verifyRecord } from "../../controller/record/verify.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { FaultCounts } from "../../simulator/world/fault-effects.ts";
import { claimsOfRun } from "../virtual/recorded-claims.ts";
import {
  AFTER_END_MS,
  createVirtualCampaign,
  unended,
  type VirtualCampaign,
  type VirtualCampaignInputs,
} from "../virtual/virtual-campaign.ts";
import { watchStates } from "./watch-states.ts";

export interface SeedInputs extends Omit<VirtualCampaignInputs, "seed" | "folder"> {
  readonly campaign: Campaign;
}

export interface SeedViolation {
  readonly seed: number;
  readonly invariant: string;
  readonly at_s: number;
  readonly what: string;
}

export interface SeedResult {
  readonly seed: number;
  readonly violations: readonly SeedViolation[];
  readonly checks: Readonly<Record<string, number>>;
  readonly requests: { readonly asked: number; readonly met: number; readonly feasible: number };
  /** Those that took effect, of those that began. */
  readonly faults: FaultCounts;
  readonly faults_begun: FaultCounts;
  readonly states: Readonly<Record<string, number>>;
  /** Photons charged over photons given; null without any. */
  readonly charged_over_given: number | null;
  readonly dose_limit_fraction_max: number;
  readonly shutter_failure_excess_Gy: number;
  readonly exposures: number;
  readonly virtual_s: number;
}

/** By then a slow disk has taken what is left, and a full one has room again. */
const LAST_COMMIT_MS = 10_000;
const LAST_COMMIT_TRIES = 15;

async function lastCommit({ store, clock }: VirtualCampaign): Promise<void> {
  const last: { isWritten: boolean; refusal: unknown } = {
    isWritten: false,
    refusal: new Error("the last commit never came"),
  };
  const written = (): void => {
    last.isWritten = true;
  };
  const refused = (error: unknown): void => {
    last.refusal = error;
  };
  for (let tries = 0; tries < LAST_COMMIT_TRIES && !last.isWritten; tries += 1) {
    store.commit().then(written, refused);
    await clock.run(clock.monoMs() + (tries === 0 ? 1000 : LAST_COMMIT_MS));
  }
  if (!last.isWritten) throw last.refusal;
}

/** A run that breaks is a violation like any other. Throws Fault for faults that are no faults. */
export async function runSeed(inputs: SeedInputs, seed: number): Promise<SeedResult> {
  const folder = mkdtempSync(join(tmpdir(), "beamrack-explore-"));
  try {
    return await runIn(inputs, seed, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runIn(inputs: SeedInputs, seed: number, folder: string): Promise<SeedResult> {
  const virtual = createVirtualCampaign({ ...inputs, seed, folder, isThrownAway: true });
  const { clock, world } = virtual;
  const states = new Map<string, number>();
  const broken: { invariant: string; at_s: number; what: string }[] = [];
  const broke = (error: unknown): void => {
    const what = error instanceof Error ? faultNote(error).what : String(error);
    broken.push({ invariant: "run", at_s: clock.monoMs() / 1000, what });
  };
  try {
    virtual.onBegin((run) => {
      watchStates(run, states);
    });
    virtual.start(() => {
      clock.stop();
    });
    await clock.run(inputs.endAtMs + AFTER_END_MS, {
      onBreath() {
        if (virtual.run.failure() !== null) clock.stop();
      },
    });
    const failure = virtual.run.failure();
    if (failure !== null) broke(failure);
    else broken.push(...unended(virtual));
    virtual.store.flushSamples();
    await lastCommit(virtual);
  } catch (error) {
    broke(error);
  } finally {
    virtual.store.close();
  }
  const findings = virtual.finish(false, claimsOfRun(virtual, folder));
  const audit = verifyRecord(folder);
  for (const { severity, code, what } of audit.findings) {
    if (severity === "error")
      broken.push({ invariant: "record", at_s: clock.monoMs() / 1000, what: `${code}: ${what}` });
  }
  const { truth, checks } = findings;
  const { asked, met } = virtual.run.tally.requests;
  return {
    seed,
    violations: [...broken, ...findings.violations].map((found) => ({ seed, ...found })),
    checks: { ...checks, record: 1, run: 1 },
    requests: { asked, met, feasible: truth.requests_feasible ?? 0 },
    faults: { ...world.effects.felt },
    faults_begun: { ...world.effects.begun },
    states: Object.fromEntries(states),
    charged_over_given: truth.charged_over_given ?? null,
    dose_limit_fraction_max: truth.dose_limit_fraction_max,
    shutter_failure_excess_Gy: truth.shutter_failure_excess_Gy,
    exposures: truth.exposures,
    virtual_s: clock.monoMs() / 1000,
  };
}
