import fc from "fast-check";
import { expect, it } from "vitest";
import { fairShares } from "../../../protocols/manifest/fair-shares.ts";
import "../../support/property-seed.ts";

const wish = fc.record({
  cells: fc.integer({ min: 0, max: 96 }),
  hours: fc.oneof(fc.constant(0), fc.constant(Infinity), fc.double({ min: 1e-6, max: 1000, noNaN: true })),
});

it("whatever groups wish for, shares are above 0, come to no more than 1, and leave nobody out who wishes", () => {
  fc.assert(
    fc.property(fc.array(wish, { maxLength: 12 }), fc.double({ min: 0.1, max: 500, noNaN: true }), (wishes, hours) => {
      const named = wishes.map((one, index) => ({ ...one, group: `g${index}` }));
      const shares = fairShares(named, hours);
      const sum = [...shares.values()].reduce((total, share) => total + share, 0);
      expect(sum).toBeLessThanOrEqual(1 + 1e-9);
      for (const share of shares.values()) expect(share).toBeGreaterThan(0);
      const wishing = named.filter((one) => one.cells > 0 && one.hours > 0).map(({ group }) => group);
      expect([...shares.keys()]).toEqual(wishing);
    }),
    { numRuns: 200 },
  );
});
