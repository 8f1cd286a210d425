/** What every part of resolving triggers reads, and how it refuses. */
import type { Finding } from "../base/finding.ts";
import { findingAt, type InputDocument, type Path } from "../input/document.ts";
import type { CampaignFile } from "./campaign-file.ts";
import type { ExposurePreset } from "./campaign.ts";
import type { DraftCell } from "./resolve-cells.ts";
import type { ProtocolSource } from "./resolve-protocols.ts";
import type { CampaignRules } from "./ruled-protocol.ts";

export interface TriggerReading {
  readonly document: InputDocument;
  readonly file: CampaignFile;
  readonly drafts: readonly DraftCell[];
  readonly sources: readonly ProtocolSource[];
  readonly rules: CampaignRules;
  readonly presets: readonly ExposurePreset[];
  readonly findings: Finding[];
}

type Refuse = (path: Path, what: string, advice: string) => void;

export function refuser({ document, findings }: TriggerReading): Refuse {
  return (path, what, advice) => {
    findings.push(findingAt(document, "error", "campaign.trigger", path, what, advice));
  };
}
