/** The parts of a run's machine that the bus shows, read from the campaign's actor. */
import type { ActorRefFrom, SnapshotFrom } from "xstate";
import { linkActorId } from "../machines/campaign-news.ts";
import type { CampaignMachine } from "../machines/campaign-machine.ts";
import type { ExposureMachine } from "../machines/exposure-machine.ts";
import type { InstrumentLinkMachine } from "../machines/instrument-link-machine.ts";
import type { SafetySupervisorMachine } from "../machines/safety-supervisor-machine.ts";
import type { CampaignRun } from "../run/run-types.ts";

export interface RunParts {
  readonly campaign: SnapshotFrom<CampaignMachine>;
  readonly exposure: SnapshotFrom<ExposureMachine> | undefined;
  readonly supervisor: SnapshotFrom<SafetySupervisorMachine> | undefined;
  link(name: string): SnapshotFrom<InstrumentLinkMachine> | undefined;
  /** A person says that an instrument which was given up is in order again. */
  repaired(name: string): void;
}

export function partsOf({ actor }: Pick<CampaignRun, "actor">): RunParts {
  const campaign = actor.getSnapshot();
  const children: Readonly<Record<string, unknown>> = campaign.children;
  const exposure = children["exposure"] as ActorRefFrom<ExposureMachine> | undefined;
  const supervisor = children["supervisor"] as ActorRefFrom<SafetySupervisorMachine> | undefined;
  const linkOf = (name: string): ActorRefFrom<InstrumentLinkMachine> | undefined =>
    children[linkActorId(name)] as ActorRefFrom<InstrumentLinkMachine> | undefined;
  return {
    campaign,
    exposure: exposure?.getSnapshot(),
    supervisor: supervisor?.getSnapshot(),
    link: (name) => linkOf(name)?.getSnapshot(),
    repaired(name) {
      linkOf(name)?.send({ type: "REPAIRED" });
    },
  };
}

/** The beam's part: `planning`, `exposing`, `held` and so on; `connecting` and `complete` before and after it. */
export function beamState({ campaign }: Pick<RunParts, "campaign">): string {
  const value: unknown = campaign.value;
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null || !("running" in value)) return "connecting";
  const { running } = value;
  if (typeof running !== "object" || running === null || !("beam" in running)) return "running";
  return stateName(running.beam);
}

/** The outermost name of a state. */
export function stateName(value: unknown): string {
  if (typeof value === "string") return value;
  return typeof value === "object" && value !== null ? (Object.keys(value)[0] ?? "") : "";
}
