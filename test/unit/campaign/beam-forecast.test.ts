import { describe, expect, it } from "vitest";
import { assert } from "../../../protocols/base/assert.ts";
import { calendarAtBegin } from "../../../protocols/campaign/judge-calendar.ts";
import { checkCampaign } from "../../../protocols/campaign/check-campaign.ts";
import { load, repositoryText, tables } from "../../support/campaign-files.ts";

const FILES = {
  "small.yaml": repositoryText("test/fixtures/world/small.yaml"),
  "cycle.yaml": repositoryText("test/fixtures/world/cycle.yaml"),
  "site.yaml": repositoryText("protocols/sites/reference.yaml"),
};

function loaded(more: string) {
  return load({ ...FILES, "small.yaml": `${FILES["small.yaml"]}\n${more}\n` }, "small.yaml");
}

function said(more: string): readonly string[] {
  return loaded(more).findings.map(({ where, what }) => `${where}: ${what}`);
}

describe("what a campaign knows of its beam", () => {
  it("is nothing where the file says nothing", () => {
    const plain = loaded("");
    assert(plain.kind === "loaded", "refused");
    expect(plain.campaign).not.toHaveProperty("beamForecast");
    expect(plain.campaign).not.toHaveProperty("shares");
  });

  it("is its announced stops with the top-ups among them, in order, and how often beam is lost", () => {
    const known = loaded(`beam_forecast:
  stops: [{ from: 2026-03-02T09:05:00Z, to: 2026-03-02T09:30:00Z, what: machine studies }]
  top_up: { first: 2026-03-02T09:00:00Z, every_min: 10, lasts_s: 12 }
  losses: { per_day: 2.4, last_min: 40 }`);
    assert(known.kind === "loaded", JSON.stringify(known.findings));
    const { stops = [], losses } = known.campaign.beamForecast ?? {};
    const at = Date.parse("2026-03-02T09:00:00Z");
    expect(stops.slice(0, 3)).toEqual([
      { fromUtcMs: at, toUtcMs: at + 12_000, what: "top-up" },
      { fromUtcMs: at + 300_000, toUtcMs: at + 1_800_000, what: "machine studies" },
      { fromUtcMs: at + 600_000, toUtcMs: at + 612_000, what: "top-up" },
    ]);
    expect(losses?.perHour).toBeCloseTo(0.1);
    expect(losses?.lastMs).toBe(2_400_000);
  });

  it("has top-ups that began long before the campaign, and says where it reckons with no more of them", () => {
    const known = (duration: string) =>
      load(
        {
          ...FILES,
          "small.yaml": `${FILES["small.yaml"].replace("duration_h: 3", duration)}
beam_forecast: { top_up: { first: 2016-03-02T09:00:30Z, every_min: 1, lasts_s: 5 } }`,
        },
        "small.yaml",
      );
    const short = known("duration_h: 3");
    assert(short.kind === "loaded", JSON.stringify(short.findings));
    const { beamForecast, startMs } = short.campaign;
    const within = (beamForecast?.stops ?? []).filter(({ fromUtcMs }) => Math.abs(fromUtcMs - startMs) <= 600_000);
    expect(within.map(({ fromUtcMs }) => (fromUtcMs - startMs) / 1000)).toEqual(
      Array.from({ length: 20 }, (_, index) => 60 * (index - 10) + 30),
    );
    expect(short.findings.map(({ what }) => what).join()).not.toMatch(/top-ups/);
    expect(
      known("duration_h: 900")
        .findings.map(({ what }) => what)
        .join(),
    ).toMatch(/40000 top-ups are reckoned with/);
  });

  it("is refused where a stop ends before it begins, or top-ups leave no beam", () => {
    const stop = "{ from: 2026-03-02T09:00:00Z, to: 2026-03-02T08:00:00Z, what: studies }";
    expect(said(`beam_forecast: { stops: [${stop}] }`).join()).toMatch(
      /beam_forecast\.stops\[0\]: the stop for studies ends before it begins/,
    );
    const topUp = "{ first: 2026-03-02T09:00:00Z, every_min: 1, lasts_s: 60 }";
    expect(said(`beam_forecast: { top_up: ${topUp} }`).join()).toMatch(/top-ups last longer than the time/);
  });
});

describe("a beamtime's calendar", () => {
  const files = (calendar: string, more = "") => ({
    ...FILES,
    "small.yaml": `${FILES["small.yaml"]}\nbeam_forecast: { calendar: beamtime.yaml${more} }\ntimezone: Europe/Paris\n`,
    "beamtime.yaml": calendar,
  });

  it("stands in a file of its own, for all campaigns of the beamtime, and its first end counts", () => {
    const known = load(
      files(
        `stops: [{ from: 2026-03-02T09:05:00Z, to: 2026-03-02T09:30:00Z, what: machine studies }]
experiment_end: 2026-03-02T10:00:00Z`,
        ", stops: [{ from: 2026-03-02T08:30:00Z, to: 2026-03-02T08:35:00Z, what: access }], experiment_end: 2026-03-03T10:00:00Z",
      ),
      "small.yaml",
    );
    assert(known.kind === "loaded", JSON.stringify(known.findings));
    expect(known.campaign.beamForecast?.stops.map(({ what }) => what)).toEqual(["access", "machine studies"]);
    expect(known.campaign.beamForecast?.endUtcMs).toBe(Date.parse("2026-03-02T10:00:00Z"));
    expect(known.campaign.timeZone).toBe("Europe/Paris");
  });

  it("is refused at its own place where it is wrong, and at the campaign's where it is not there", () => {
    const wrong = load(
      files("stops: [{ from: 2026-03-02T09:30:00Z, to: 2026-03-02T09:05:00Z, what: x }]"),
      "small.yaml",
    );
    expect(wrong.findings.map(({ where }) => where).join()).toMatch(/beamtime\.yaml:1 stops\[0\]/);
    const { "small.yaml": naming, ...others } = files("");
    const without = { "small.yaml": naming, "cycle.yaml": others["cycle.yaml"], "site.yaml": others["site.yaml"] };
    expect(
      load(without, "small.yaml")
        .findings.map(({ where, what }) => `${where}: ${what}`)
        .join(),
    ).toMatch(/small\.yaml:\d+ beam_forecast\.calendar: beamtime\.yaml: no such file/);
  });

  it("takes sweeps from a campaign, and check says which and how many", () => {
    const of = (calendar: string) => {
      const read = load(files(calendar), "small.yaml");
      assert(read.kind === "loaded", JSON.stringify(read.findings));
      const checked = checkCampaign(read.campaign, read.site, tables, read.document);
      return {
        count: checked.forecast.sweeps[0]?.count,
        said: checked.findings.flatMap(({ code, what }) => (code.startsWith("plan.beam") ? [`${code}: ${what}`] : [])),
      };
    };
    const stop = "stops: [{ from: 2026-03-02T09:05:00Z, to: 2026-03-02T09:30:00Z, what: machine studies }]";
    expect(of(stop).said).toEqual([
      "plan.beam-stop: sweep sweep: 5 of its sweeps cannot be done whole beside announced stops (machine studies)",
    ]);
    const end = of("experiment_end: 2026-03-02T09:00:00Z");
    expect(end.said.join()).toMatch(/plan\.beam-ends: .*1 h after the start, 2 h before the campaign/);
    expect(end.count).toBe(11);
    expect(of("experiment_end: 2026-03-01T09:00:00Z").said.join()).toMatch(/over before the campaign begins/);
    expect(of("{}").said).toEqual([]);
  });

  it("is by a clock that somebody has", () => {
    expect(said("timezone: Europe/Grenoble").join()).toMatch(/timezone/);
  });
});

describe("shares", () => {
  it("of groups that no cell has, or of more than there is, are refused", () => {
    const { campaign } = ((one) => {
      assert(one.kind === "loaded", "refused");
      return one;
    })(loaded(""));
    const group = campaign.cells[0]?.group ?? "";
    expect(said("shares: { nobody: { beam_time: 0.5 } }").join()).toMatch(/shares\.nobody: no cell is of group nobody/);
    expect(said(`shares: { ${group}: { beam_time: 1.5 } }`)).not.toEqual([]);
    const fine = loaded(`shares: { ${group}: { beam_time: 0.5, dose: 0.25 } }`);
    expect(fine.kind === "loaded" && fine.campaign.shares).toEqual([{ group, beamTime: 0.5, dose: 0.25 }]);
  });
});

it("a run that is begun when the beam time is over, or far from the start by which top-ups were reckoned, is told so", () => {
  const nowMs = Date.parse("2026-11-02T08:00:00Z");
  const stops = [{ fromUtcMs: nowMs, toUtcMs: nowMs + 5000, what: "top-up" }];
  const saidOf = (campaign: Parameters<typeof calendarAtBegin>[0]) =>
    calendarAtBegin(campaign, nowMs, "here").map(({ severity, what }) => `${severity}: ${what}`);
  expect(saidOf({ startMs: 0 })).toEqual([]);
  expect(saidOf({ startMs: 0, beamForecast: { stops, losses: null, endUtcMs: nowMs } })).toEqual([
    "error: the experiment's beam time is over before the campaign begins",
  ]);
  expect(saidOf({ startMs: nowMs - 8 * 86_400_000, beamForecast: { stops, losses: null } }).join()).toMatch(
    /^warning: it begins 8 days after the start that its file has/,
  );
  expect(saidOf({ startMs: nowMs, beamForecast: { stops, losses: null } })).toEqual([]);
});
