import { describe, expect, it } from "vitest";
import { errorsOf, goodFiles, load } from "../../support/campaign-files.ts";

function readWith(partial: string) {
  const text = goodFiles["good.yaml"] ?? "";
  const spoilt = text.replace(
    /^( *)(exposure_s: .*\n)/m,
    (_, indent: string, line: string) => `${indent}${line}${indent}${partial}\n`,
  );
  expect(spoilt).not.toBe(text);
  return load({ ...goodFiles, "good.yaml": spoilt }, "good.yaml");
}

describe("what a preset says of exposures that were cut short", () => {
  it("is skipping after four fifths where it says nothing, and one rule for all in its short form", () => {
    const plain = load(goodFiles, "good.yaml");
    expect(plain.kind === "loaded" && plain.campaign.sweeps[0]?.preset.partial).toEqual({
      acceptFromFraction: 0.8,
      otherwise: "skip",
    });
    const short = readWith("partial: { accept_from_fraction: 0.5, otherwise: repeat-once }");
    expect(short.kind === "loaded" && short.campaign.sweeps[0]?.preset.partial).toEqual({
      acceptFromFraction: 0.5,
      otherwise: "repeat-once",
    });
  });

  it("is told apart by cause; a cause that names no fraction accepts nothing", () => {
    const read = readWith(
      "partial: { accept_from_fraction: 0.5, otherwise: skip, causes: { beam_loss: { accept_from_fraction: 0.3 }, controller_killed: { otherwise: repeat-once } } }",
    );
    expect(read.kind === "loaded" && read.campaign.sweeps[0]?.preset.partial.causes).toEqual({
      beamLoss: { acceptFromFraction: 0.3, otherwise: "skip" },
      controllerKilled: { acceptFromFraction: null, otherwise: "repeat-once" },
    });
  });

  it.each([
    ["detector: { accept_from_fraction: 0.5 }", "causes.detector"],
    ["controller_killed: { accept_from_fraction: 0.5 }", "causes.controller_killed"],
    ["beam_loss: { accept_from_fraction: 1.5 }", "causes.beam_loss.accept_from_fraction"],
    ["beam_loss: { otherwise: repeat }", "causes.beam_loss.otherwise"],
    ["rain: { otherwise: skip }", "causes"],
  ])("is refused at its place where it cannot be so: %s", (cause, where) => {
    const read = readWith(`partial: { accept_from_fraction: 0.5, otherwise: skip, causes: { ${cause} } }`);
    expect(
      errorsOf(read)
        .map((finding) => finding.where)
        .join(" "),
    ).toContain(where);
  });
});
