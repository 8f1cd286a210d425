/** What a report takes from the log beside what exports gather: requests and their reasons, incidents, the last verdict. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import { materialOf } from "../../protocols/campaign/judge-controls.ts";
import { textOrNull, type EventData } from "../export/event-fields.ts";
import type { ExportedCampaign } from "../export/exported-campaign.ts";
import { DOSE_PLAN_EVENT, parseSpotPlan, type SpotPlan } from "../record/dose-plan-event.ts";
import { isList, isRecord } from "../record/ledger-row.ts";
import { parseJson } from "../record/record-header.ts";
import type { RecordReader } from "../record/record-reader.ts";
import { DECISION_EVENT } from "../schedule/decision-record.ts";
import { createTimetableFold, type RequestAhead, type RequestBehind, type Timetable } from "../schedule/timetable.ts";
import { toldVerdict, type ToldVerdict } from "./beam-verdict-told.ts";
import { createIncidentFold, INCIDENT_EVENTS, type Incident } from "./incidents.ts";
import type { ReportScope } from "./report-scope.ts";

export interface ReportLog {
  /** Of the report's cells alone. */
  readonly timetable: Timetable;
  readonly incidents: readonly Incident[];
  /** Null where the campaign compares nothing, or has not looked yet. */
  readonly verdict: ToldVerdict | null;
  /** Undefined where the record does not state it: neighbouring spots are then not added. */
  readonly spots: SpotPlan | undefined;
}

const OF_REQUESTS: ReadonlySet<string> = new Set([
  ...["exposure-wanted", "request-retimed", "request-withdrawn", "request-answered", "request-missed"],
  ...["exposure-refused", "exposure-ended", "exposure-accepted", DECISION_EVENT],
]);
const VERDICT_EVENT = "beam-effect";
const OF_ALL: ReadonlySet<string> = new Set(["sweep-begun", "campaign-complete", DOSE_PLAN_EVENT]);

/** One pass over the log. */
export function readReportLog(
  record: Pick<RecordReader, "events">,
  campaign: ExportedCampaign,
  scope: ReportScope,
): ReportLog {
  const timetable = createTimetableFold();
  const incidents = createIncidentFold(scope);
  const materials = ownMaterials(campaign, scope);
  let verdict: ToldVerdict | null = null;
  let spots: SpotPlan | undefined;
  for (const scanned of record.events()) {
    if (scanned.kind === "damaged") continue;
    const { type, atMs, dataText } = scanned.row;
    const isOfRequests = OF_REQUESTS.has(type);
    if (!isOfRequests && !OF_ALL.has(type) && !INCIDENT_EVENTS.has(type) && type !== VERDICT_EVENT) continue;
    const parsed = parseJson(dataText);
    if (!isRecord(parsed)) continue;
    if (isOfRequests) {
      const data = ofScope(type, parsed, scope);
      if (data !== null) timetable.event(type, atMs, data);
    } else if (type === VERDICT_EVENT) {
      verdict = toldVerdict(parsed, atMs, scope.positions, materials) ?? verdict;
    } else if (type === DOSE_PLAN_EVENT) {
      spots = parseSpotPlan(parsed);
    } else {
      timetable.event(type, atMs, parsed);
      incidents.event(type, atMs, parsed);
    }
  }
  return { timetable: censored(timetable.timetable(), scope), incidents: incidents.incidents(), verdict, spots };
}

/** Null of what is about other cells; of a decision the parts that are about these. */
function ofScope(type: string, data: EventData, scope: ReportScope): EventData | null {
  const isOwn = isAbout(data, scope);
  if (scope.isWhole) return data;
  if (type !== DECISION_EVENT) return isOwn ? data : null;
  if (data["act"] === "expose" && !isOwn) return null;
  const own = (items: Json | undefined): readonly Json[] =>
    isList(items) ? items.filter((item) => isRecord(item) && isAbout(item, scope)) : [];
  return { ...data, next: own(data["next"]), passed_over_first: own(data["passed_over_first"]) };
}

function isAbout(data: EventData, { positions }: ReportScope): boolean {
  return positions.has(textOrNull(data["position"]) ?? "");
}

/** Materials of which the report has every cell that is compared. */
function ownMaterials({ plan }: ExportedCampaign, { positions }: ReportScope): ReadonlySet<string> {
  const foreign = new Set(plan.cells.filter(({ position }) => !positions.has(position)).map(materialOf));
  return new Set(plan.cells.map(materialOf).filter((material) => !foreign.has(material)));
}

function censored(timetable: Timetable, { censor, isWhole }: ReportScope): Timetable {
  if (isWhole) return timetable;
  const plain = <Request extends RequestAhead | RequestBehind>(one: Request): Request => ({
    ...one,
    trigger: censor(one.trigger),
    reason: censor(one.reason),
    owner: one.owner === null ? null : censor(one.owner),
    ...("why" in one ? { why: censor(one.why) } : {}),
  });
  // What the beam does now is of others as often as not.
  return { ...timetable, act: null, ahead: timetable.ahead.map(plain), behind: timetable.behind.map(plain) };
}
