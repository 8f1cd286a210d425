import { describe, expect, it } from "vitest";
import {
  decodeIntegratorLine,
  decodeIntegratorMessage,
  encodeIntegratorMessage,
  encodePatternWanted,
  encodeWho,
} from "../../../protocols/wire/json-integrator/integrator-lines.ts";

const ANGLES = Array.from({ length: 12 }, (_, at) => 1 + at / 10);
const MANY = Array.from({ length: 10_001 }, (_, at) => 1 + at / 1000);
const COUNTS = ANGLES.map((_, at) => 100 + at);

function said(change: Readonly<Record<string, unknown>>): ReturnType<typeof decodeIntegratorLine> {
  return decodeIntegratorLine(
    JSON.stringify({ id: 7, wavelength_A: 0.2066, two_theta_deg: ANGLES, counts: COUNTS, ...change }),
  );
}

describe("questions to an integrator", () => {
  it("are the lines of the page, in ASCII whatever a path holds", () => {
    expect(encodeWho()).toBe('{"ask":"who"}\n');
    expect(encodePatternWanted(7, "/data/A1_S0003_00000.cbf")).toBe(
      '{"ask":"pattern","id":7,"frame":"/data/A1_S0003_00000.cbf"}\n',
    );
    expect(encodePatternWanted(8, '/data/ä"\n.cbf')).toBe(
      '{"ask":"pattern","id":8,"frame":"/data/\\u00e4\\"\\n.cbf"}\n',
    );
  });
});

describe("messages by a broker", () => {
  const CLIENT = "beamrack-mh2k0d9x-1";

  function heard(text: string): ReturnType<typeof decodeIntegratorMessage> {
    return decodeIntegratorMessage(Buffer.from(text), CLIENT);
  }

  it("are those of the page: the line's document with the name of who asks before it", () => {
    expect(encodeIntegratorMessage(encodePatternWanted(12, "/data/A1_S0003_00000.cbf"), CLIENT)).toBe(
      '{"client":"beamrack-mh2k0d9x-1","ask":"pattern","id":12,"frame":"/data/A1_S0003_00000.cbf"}',
    );
    expect(encodeIntegratorMessage(encodeWho(), CLIENT)).toBe('{"client":"beamrack-mh2k0d9x-1","ask":"who"}');
  });

  it("answer the client that they name, wherever in them the name stands, and nobody else", () => {
    const none = { kind: "none", id: 12, reason: "no such file" };
    expect(heard('{"client":"beamrack-mh2k0d9x-1","id":12,"none":"no such file"}')).toEqual(none);
    expect(heard('{"id":12,"none":"no such file","client":"beamrack-mh2k0d9x-1"}')).toEqual(none);
    expect(heard('{"client":"beamrack-mh2k0d9x-10","id":12,"none":"no such file"}')).toBeNull();
    expect(heard('{"client":"other","id":12,"none":"beamrack-mh2k0d9x-1"}')).toBeNull();
    expect(heard('{"id":12,"none":"no such file"}')).toBeNull();
    expect(heard('{"client":"beamrack-mh2k0d9x-1"')).toBeNull();
  });
});

describe("an answer of an integrator", () => {
  it("is who it is, a pattern, or none", () => {
    expect(decodeIntegratorLine('{"who":{"program":"saxs-bridge","version":"1.2"}}')).toEqual({
      ...{ kind: "who", program: "saxs-bridge", version: "1.2" },
    });
    expect(decodeIntegratorLine('{"who":{"program":"saxs-bridge"}}')).toMatchObject({ version: null });
    expect(said({})).toMatchObject({ kind: "pattern", id: 7, pattern: { twoThetaDeg: ANGLES, counts: COUNTS } });
    expect(said({ saturated: 3 })).toMatchObject({ pattern: { saturatedPixels: 3 } });
    expect(decodeIntegratorLine('{"id":7,"none":"no such file"}')).toEqual({
      ...{ kind: "none", id: 7, reason: "no such file" },
    });
  });

  it.each([
    ["counts and angles do not go together", { counts: COUNTS.slice(1) }],
    ["angles fall", { two_theta_deg: [...ANGLES].reverse() }],
    ["an angle is none", { two_theta_deg: ANGLES.map((angle) => angle + 179) }],
    ["a count is below 0", { counts: COUNTS.map((count) => count - 101) }],
    ["a count is more than can be added up", { counts: COUNTS.map(() => 1e308) }],
    ["there are more bins than can be looked at", { two_theta_deg: MANY, counts: MANY }],
    ["a count is no number", { counts: COUNTS.map(() => null) }],
    ["parts of pixels no longer counted", { saturated: 0.5 }],
    ["there are hardly any bins", { two_theta_deg: [1, 2], counts: [1, 2] }],
    ["the wavelength is none", { wavelength_A: 0 }],
  ])("is refused with its number where %s", (_, change) => {
    expect(said(change)).toMatchObject({ kind: "unreadable", id: 7 });
  });

  it.each(["", "x", "null", "[]", "7", '{"id":-1,"none":""}', '{"id":1.5}', `{"who":{"program":""}}`])(
    "is refused without one: %s",
    (line) => {
      expect(decodeIntegratorLine(line)).toMatchObject({ kind: "unreadable" });
    },
  );
});
