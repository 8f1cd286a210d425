import { describe, expect, it } from "vitest";
import { createSampleIntake } from "../../../controller/cells/sample-intake.ts";
import { createRunningStep } from "../../../drivers/palmsens-methodscript/running-step.ts";
import { createSampleReader } from "../../../drivers/palmsens-methodscript/sample-reader.ts";
import { createLineSplitter } from "../../../protocols/wire/methodscript/line-splitter.ts";
import { createCellPlant } from "../../../simulator/cell/cell-plant.ts";
import { createEventHeap } from "../../../simulator/clock/event-heap.ts";
import { createVirtualClock } from "../../../simulator/clock/virtual-clock.ts";
import { INSTRUMENT_MODELS } from "../../../simulator/palmsens-methodscript/instrument-models.ts";
import { createPackageWriter } from "../../../simulator/palmsens-methodscript/package-writer.ts";
import { createPotentiostat } from "../../../simulator/palmsens-methodscript/potentiostat.ts";
import { createScriptMachine } from "../../../simulator/palmsens-methodscript/script-machine.ts";
import { observeCell } from "../../../simulator/world/cell-observer.ts";
import { cellOf, design } from "../cell/designs.ts";

const NOTHING = (): void => undefined;
const LIMITS = { voltageMaxV: 4.3, voltageMinV: 2.5, currentMaxA: 0.001, currentMinA: -0.001 };

/** Every object that is asked something for each sample of each channel. */
function sampled(): readonly (readonly [string, object])[] {
  const clock = createVirtualClock(0, { drain: () => Promise.resolve() });
  const plant = createCellPlant(cellOf(design("lno-graphite"), { soc: 0.5 }), 0);
  const observed = observeCell(plant, LIMITS, NOTHING).plant;
  const model = INSTRUMENT_MODELS.mes4hr;
  const potentiostat = createPotentiostat(model, observed, {});
  const writer = createPackageWriter();
  const reader = createSampleReader();
  const step = { kind: "rest", untilTimeS: 10, sampleIntervalS: 1, limits: LIMITS } as const;
  return [
    ["clock", clock],
    ["agenda", createEventHeap()],
    ["cell on its channel", plant],
    ["observed cell", observed],
    ["potentiostat", potentiostat],
    ["state of the potentiostat", potentiostat.state],
    ["package writer", writer],
    ["script machine", createScriptMachine({ clock, potentiostat, writer, send: NOTHING, onEnd: NOTHING })],
    ["line splitter", createLineSplitter(NOTHING)],
    ["sample reader", reader],
    ["running step", createRunningStep(step, reader, { sample: NOTHING }, 0, 4000)],
    [
      "sample intake",
      createSampleIntake(1, {
        sink: { sample: NOTHING },
        limits: [LIMITS],
        limitPassed: NOTHING,
        overloadsInRowMax: 10,
      }),
    ],
  ];
}

describe("what every sample comes by", () => {
  it.each(sampled())("has no accessors, which would make it a hash table to the engine: %s", (_, object) => {
    const accessors = Object.entries(Object.getOwnPropertyDescriptors(object)).filter(
      ([, descriptor]) => "get" in descriptor || "set" in descriptor,
    );
    expect(accessors.map(([key]) => key)).toEqual([]);
  });
});
