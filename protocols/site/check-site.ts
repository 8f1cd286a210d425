/** What must hold between the sections of a site file: one instrument a port, one meaning a bit, every cell in reach. */
import type { Finding } from "../base/finding.ts";
import { positionAt, positionIndex } from "../base/position.ts";
import { INTERLOCKS } from "../roles/beam-io.ts";
import { ADAM_MODELS } from "../wire/modbus-io/adam-6000.ts";
import { inputBits, outputBits } from "../wire/modbus-io/modbus-io-map.ts";
import { findingAt } from "../input/document.ts";
import type { InputDocument, Path } from "../input/document.ts";
import { DATA_FOLDER } from "../wire/simplon/simplon-requests.ts";
import { checkCabinets, checkLinks, checkNames } from "./check-links.ts";
import { checkReach } from "./check-reach.ts";
import { checkSensors } from "./check-sensors.ts";
import type { Site } from "./site.ts";

export function checkSite(document: InputDocument, site: Site): readonly Finding[] {
  const findings: Finding[] = [];
  const refuse = (path: Path, code: string, what: string, advice: string): void => {
    findings.push(findingAt(document, "error", code, path, what, advice));
  };
  checkLinks(site, refuse);
  checkCabinets(site, refuse);
  checkNames(site, refuse);
  checkBits(site, refuse);
  checkAdam(site, refuse);
  checkDetector(site, refuse);
  checkReach(site, refuse, (path, what, advice) => {
    findings.push(findingAt(document, "warning", "site.homing", path, what, advice));
  });
  checkChanger(site, refuse);
  checkSensors(site, refuse);
  for (const interlock of INTERLOCKS) {
    if (site.interlocks.includes(interlock)) continue;
    findings.push(
      findingAt(
        document,
        "warning",
        "site.interlock-unused",
        ["interlocks"],
        `${interlock} is not asked for`,
        "List every condition that must hold before the beam is let in.",
      ),
    );
  }
  if (site.beam.fluxMaxPhS < site.beam.fluxReferencePhS) {
    refuse(
      ["beam", "flux_max_ph_s"],
      "site.flux",
      `flux_max_ph_s ${site.beam.fluxMaxPhS} is below flux_ref_ph_s ${site.beam.fluxReferencePhS}`,
      "Give the most the beam can ever bring; doses are bounded with it.",
    );
  }
  return findings;
}

export type Refuse = (path: Path, code: string, what: string, advice: string) => void;

function checkBits(site: Site, refuse: Refuse): void {
  const { map } = site.io;
  for (const [side, bits, filterBits] of [
    ["inputs", inputBits(map), map.inputs.filters],
    ["outputs", outputBits(map), map.outputs.filters],
  ] as const) {
    const twice = bits.find((bit, index) => bits.indexOf(bit) !== index);
    if (twice !== undefined) {
      refuse(
        ["io", side],
        "site.bit-shared",
        `bit ${twice} of the ${side} has two meanings`,
        "Give each signal a bit of its own.",
      );
    }
    if (filterBits.length !== site.filters.length) {
      refuse(
        ["io", side, "filters"],
        "site.filters",
        `${filterBits.length} bits for ${site.filters.length} filters`,
        "Give one bit for each filter, in the order of the filters.",
      );
    }
  }
}

/** The HTTP interface of these detectors knows one folder. */
function checkDetector({ detector }: Site, refuse: Refuse): void {
  if (detector.driver !== "dectris-simplon" || detector.folder === DATA_FOLDER) return;
  refuse(
    ["detector", "folder"],
    "site.folder",
    `the folder ${detector.folder} on a detector that keeps its files under ${DATA_FOLDER}`,
    `Write folder: ${DATA_FOLDER}.`,
  );
}

/** An ADAM module has few points, and its permit hangs on an output that drives a timer relay. */
function checkAdam(site: Site, refuse: Refuse): void {
  const { adam, map } = site.io;
  if (adam === undefined) {
    if (map.outputs.heartbeat !== undefined) {
      refuse(
        ["io", "outputs", "heartbeat"],
        "site.heartbeat",
        "a heartbeat output on a unit that guards its outputs by a register",
        "Leave it out, or name the unit: adam-6050 or adam-6060.",
      );
    }
    return;
  }
  const { inputCount, outputCount } = ADAM_MODELS[adam.model];
  if (map.outputs.heartbeat === undefined) {
    refuse(
      ["io", "outputs"],
      "site.heartbeat",
      `${adam.model} has no output for the heartbeat`,
      "Give heartbeat: the output that drives the timer relay in the shutter's permit.",
    );
  }
  for (const [side, bits, count] of [
    ["inputs", inputBits(map), inputCount],
    ["outputs", outputBits(map), outputCount],
  ] as const) {
    const beyond = bits.find((bit) => bit >= count);
    if (beyond === undefined) continue;
    refuse(
      ["io", side],
      "site.bit-missing",
      `${adam.model} has ${count} ${side}, and no bit ${beyond}`,
      "Use the bits there are, wire interlocks in series (interlocks_in_series), or take a larger unit.",
    );
  }
}

/** A robot that brings the cells must have a slot for each, and a stage that moves the one it brought. */
function checkChanger(site: Site, refuse: Refuse): void {
  const changer = site.sampleChanger;
  if (changer?.toBeam === undefined) return;
  const slotCount = changer.trayCount * changer.slotsPerTray;
  const last = site.channels.reduce((most, { position }) => Math.max(most, positionIndex(position)), -1);
  if (last >= slotCount) {
    refuse(
      ["sample_changer", "slots_per_tray"],
      "site.slots",
      `${slotCount} slots, and ${site.channels[0] === undefined ? "no" : positionAt(last)} is wired: slots are numbered as positions are`,
      "Correct trays and slots_per_tray, or wire fewer positions.",
    );
  }
  const { exchangeS, fetchS } = changer.toBeam;
  if (fetchS >= exchangeS) {
    refuse(
      ["sample_changer", "to_beam", "fetch_s"],
      "site.exchange",
      `fetch_s ${fetchS} is part of exchange_s ${exchangeS}, and not less`,
      "Give the time of a whole exchange, and of the part in which the next cell is taken out of its place.",
    );
  }
  const { originXMm, originYMm } = site.rack;
  const { handoverOffsetXMm, handoverOffsetYMm } = changer;
  for (const [axis, atMm, travelMm] of [
    ["x", originXMm + handoverOffsetXMm, site.stage.travelXMm],
    ["y", originYMm + handoverOffsetYMm, site.stage.travelYMm],
  ] as const) {
    if (atMm >= 0 && atMm <= travelMm) continue;
    refuse(
      ["sample_changer", `handover_offset_${axis}_mm`],
      "site.travel",
      `the handover place is at ${atMm} mm, the stage goes from 0 to ${travelMm} mm`,
      "Correct origin, offset or travel.",
    );
  }
}
