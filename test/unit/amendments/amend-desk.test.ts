import { expect, it } from "vitest";
import { createAmendDesk, type AmendOutcome } from "../../../controller/amendments/amend-desk.ts";
import { createBegunFold } from "../../../controller/amendments/campaign-progress.ts";
import { Fault } from "../../../protocols/base/fault.ts";
import { relativeFluence } from "../../../protocols/dose/beam-profile.ts";
import { campaign, site } from "../../support/world-campaign.ts";

const turns = (): Promise<void> => new Promise((go) => setImmediate(go));

/** A desk whose disk takes what is on record when the test says so. */
function bench() {
  const applied: number[] = [];
  const answers: AmendOutcome[] = [];
  const disk: { taken: () => void; refuse: (error: Error) => void } = {
    taken: () => undefined,
    refuse: () => undefined,
  };
  const desk = createAmendDesk({
    campaign: { ...campaign },
    begun: createBegunFold(),
    begunWith: "begun",
    nowMs: () => 0,
    given: () => [],
    spotPlan: () => ({
      spots: [],
      relativeFluence: (...at) => relativeFluence(site.beam.profile, ...at),
      earlier: new Map(),
    }),
    stepIndex: () => 0,
    mayJoin: () => null,
    obstacle: () => null,
    isExposing: () => false,
    onceNotExposing: () => undefined,
    apply: ({ number }) => applied.push(number),
    commit: () =>
      new Promise((resolve, reject) => {
        Object.assign(disk, { taken: resolve, refuse: reject });
      }),
    record: () => undefined,
    fail(error) {
      throw error;
    },
  });
  async function order(title: string): Promise<void> {
    const about = { campaignHash: "next", texts: new Map<string, string>(), author: "ada", reason: "a test" };
    void desk
      .order({ ...about, proposed: { ...campaign, title }, basedOn: null })
      .then((outcome) => answers.push(outcome));
    await turns();
  }
  return { applied, answers, order, disk };
}

it("an amendment is said to be in force once the disk has it, and not before", async () => {
  const { applied, answers, order, disk } = bench();
  await order("another");
  expect([applied, answers]).toEqual([[1], []]);
  disk.taken();
  await turns();
  expect(answers).toMatchObject([{ kind: "amended", number: 1 }]);
});

it("an amendment that the disk does not take is not said to stand", async () => {
  const { answers, order, disk } = bench();
  await order("another");
  disk.refuse(new Fault("store.refused", "record", "the disk is full"));
  await turns();
  expect(answers).toMatchObject([{ kind: "refused", refusals: [{ where: "record" }] }]);
  await order(campaign.title);
  expect(answers.at(-1)?.kind).toBe("unchanged");
});
