/** Random protocols, bounded: loops in loops, every cut-off, for cells that change within seconds. */
import fc from "fast-check";
import type { Protocol } from "../../protocols/echem/protocol.ts";
import { readProtocol } from "../../protocols/echem/read-protocol.ts";
import { parseDocument } from "../../protocols/input/document.ts";

type Node = { readonly technique: Readonly<Record<string, unknown>> } | Loop;

interface Loop {
  readonly count: number;
  readonly nodes: readonly Node[];
}

const seconds = fc.integer({ min: 2, max: 30 });
const volts = fc.integer({ min: 3300, max: 4100 }).map((millivolts) => millivolts / 1000);
const milliamperes = fc
  .tuple(fc.constantFrom(1, -1), fc.integer({ min: 1, max: 40 }))
  .map(([sign, tenths]) => (sign * tenths) / 10);
const orNull = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { freq: 3 });

const cycling = fc.oneof(
  fc.record({ step: fc.constant("open_circuit_voltage"), until_time_s: seconds }),
  fc.record({
    step: fc.constant("constant_current"),
    current_mA: milliamperes,
    until_time_s: seconds,
    until_voltage_V: orNull(volts),
  }),
  fc.record({
    step: fc.constant("constant_current"),
    rate_C: milliamperes.map((value) => value / 10),
    until_time_s: seconds,
    until_voltage_V: orNull(volts),
  }),
  fc.record({
    step: fc.constant("constant_voltage"),
    voltage_V: volts,
    until_time_s: seconds,
    until_current_mA: orNull(fc.integer({ min: 1, max: 300 }).map((value) => value / 100)),
  }),
);

const scan = fc
  .record({
    step: fc.constant("voltage_scan"),
    start_voltage_V: volts,
    end_voltage_V: volts,
    scan_rate_mV_per_s: fc.integer({ min: 20, max: 100 }),
  })
  .filter(({ start_voltage_V: start, end_voltage_V: end }) => start !== end);

function nodesOf(technique: fc.Arbitrary<Readonly<Record<string, unknown>>>): fc.Arbitrary<readonly Node[]> {
  return fc.letrec<{ nodes: readonly Node[]; node: Node }>((tie) => ({
    nodes: fc.array(tie("node"), { minLength: 1, maxLength: 4, depthIdentifier: "loops" }),
    node: fc.oneof(
      { depthIdentifier: "loops", maxDepth: 2, withCrossShrink: true },
      { weight: 4, arbitrary: technique.map((found): Node => ({ technique: found })) },
      { weight: 3, arbitrary: fc.record({ count: fc.integer({ min: 1, max: 3 }), nodes: tie("nodes") }) },
    ),
  })).nodes;
}

/** Every sample is a second; the window is 2.5 to 4.3 V, which long currents may leave. */
export const randomProtocol: fc.Arbitrary<Protocol> = nodesOf(
  fc.oneof({ weight: 4, arbitrary: cycling }, { weight: 1, arbitrary: scan }),
).map(protocolOf);

/** As above, without what a step file has no form for. */
export const randomCyclingProtocol: fc.Arbitrary<Protocol> = nodesOf(cycling).map(protocolOf);

function protocolOf(some: readonly Node[]): Protocol {
  const method: unknown[] = [];
  let tags = 0;
  const write = (list: readonly Node[]): void => {
    for (const node of list) {
      if ("technique" in node) {
        method.push(node.technique);
        continue;
      }
      tags += 1;
      const tag = `loop ${tags}`;
      method.push({ step: "tag", tag });
      write(node.nodes);
      method.push({ step: "loop", loop_to: tag, cycle_count: node.count });
    }
  };
  write(some);
  const document = {
    unicycler: { version: "0.4.6" },
    sample: { name: "random", capacity_mAh: 10 },
    record: { time_s: 1 },
    safety: { max_voltage_V: 4.3, min_voltage_V: 2.5, max_current_mA: 200, min_current_mA: -200 },
    method,
  };
  const read = readProtocol(parseDocument(JSON.stringify(document), "random.json"), [], "random");
  if (read.protocol === undefined) throw new Error(JSON.stringify(read.findings));
  return read.protocol;
}
