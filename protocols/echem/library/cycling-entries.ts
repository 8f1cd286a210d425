/** Recipes that cycle a cell: formation, ageing, rate capability, storage, activation. */
import {
  charge,
  count,
  discharge,
  hold,
  loop,
  parameter,
  rest,
  tag,
  VOLTAGES,
  WINDOW,
  type LibraryEntry,
} from "./library-entry.ts";

export const FORMATION: LibraryEntry = {
  name: "formation",
  title: "Formation: a rest for wetting, then slow cycles",
  source:
    "C/20, two cycles, of the LiNiO2/graphite study arXiv 2602.09771; 12 h of wetting from a published 2032 record",
  chosen: "rests between the steps and every time limit",
  window: WINDOW,
  parameters: [
    ...VOLTAGES,
    parameter("rate_C", "charge and discharge", 0.05, 0.005, 1),
    count("cycles", "cycles", 2, 1, 20),
    parameter("wetting_h", "rest before the first current", 12, 0.1, 72),
    parameter("rest_min", "rest after each step", 10, 1, 600),
  ],
  build: (value) => ({
    recordS: 10,
    steps: [
      rest(value("wetting_h") * 60, "wetting"),
      tag("formation"),
      charge(value("rate_C"), value("upper_voltage_V"), "formation-charge"),
      rest(value("rest_min")),
      discharge(value("rate_C"), value("lower_voltage_V"), "formation-discharge"),
      rest(value("rest_min")),
      loop("formation", value("cycles")),
    ],
  }),
};

export const AGEING: LibraryEntry = {
  name: "ageing",
  title: "Ageing: fast cycles with a slow check-up before every block",
  source: "1C ageing with C/20 check-ups to 80 % state of health, as in the BIG-MAP study arXiv 2602.09771",
  chosen:
    "cycles between check-ups, taper, rests and time limits. The end at a state of health is the campaign's " +
    "(end_conditions: state_of_health_below); blocks are only a bound",
  window: WINDOW,
  parameters: [
    ...VOLTAGES,
    parameter("rate_C", "charge and discharge of the ageing cycles", 1, 0.05, 5),
    parameter("check_up_rate_C", "charge and discharge of the check-up", 0.05, 0.01, 1),
    parameter("taper_rate_C", "end of the hold after a fast charge", 0.05, 0.005, 1),
    count("cycles_per_block", "fast cycles between check-ups", 20, 1, 500),
    count("blocks", "blocks at the most", 200, 1, 1000),
    parameter("rest_min", "rest after each step", 10, 1, 600),
  ],
  build: (value) => ({
    recordS: 10,
    steps: [
      tag("block"),
      charge(value("check_up_rate_C"), value("upper_voltage_V"), "check-up-charge"),
      rest(value("rest_min")),
      discharge(value("check_up_rate_C"), value("lower_voltage_V"), "check-up-discharge"),
      rest(value("rest_min")),
      tag("ageing"),
      charge(value("rate_C"), value("upper_voltage_V"), "charge"),
      hold(value("upper_voltage_V"), value("taper_rate_C"), 1, "taper"),
      rest(value("rest_min")),
      discharge(value("rate_C"), value("lower_voltage_V"), "discharge"),
      rest(value("rest_min")),
      loop("ageing", value("cycles_per_block")),
      loop("block", value("blocks")),
    ],
  }),
};

const RATES_C = [0.1, 0.2, 0.5, 1, 2] as const;

export const RATE_CAPABILITY: LibraryEntry = {
  name: "rate-capability",
  title: "Rate capability: the same charge, discharges at rising rates, then the first rate again",
  source: "common practice: C/10, C/5, C/2, 1C, 2C, back to C/10, three to five cycles each",
  chosen: "three cycles each, C/5 charge with taper, rests",
  window: WINDOW,
  parameters: [
    ...VOLTAGES,
    parameter("charge_rate_C", "every charge", 0.2, 0.02, 2),
    parameter("taper_rate_C", "end of the hold after it", 0.05, 0.005, 1),
    parameter("most_rate_C", "the fastest discharge; faster ones are left out", 2, 0.1, 2),
    count("cycles", "cycles at each rate", 3, 1, 20),
    parameter("rest_min", "rest after each step", 10, 1, 600),
  ],
  build(value) {
    const rates = RATES_C.filter((rateC) => rateC <= value("most_rate_C"));
    return {
      recordS: 5,
      steps: [...rates, RATES_C[0]].flatMap((rateC, index) => {
        const name = index === rates.length ? "again" : `rate-${String(index + 1)}`;
        return [
          tag(name),
          charge(value("charge_rate_C"), value("upper_voltage_V"), `${name}-charge`),
          hold(value("upper_voltage_V"), value("taper_rate_C"), 2),
          rest(value("rest_min")),
          discharge(rateC, value("lower_voltage_V"), `${name}-discharge`),
          rest(value("rest_min")),
          loop(name, value("cycles")),
        ];
      }),
    };
  },
};

export const STORAGE: LibraryEntry = {
  name: "storage",
  title: "Storage: charged with a hold, kept at open circuit, capacity before and after",
  source: "common practice of calendar ageing: CCCV to the storage voltage, open circuit, capacity check",
  chosen: "rates, taper, days",
  window: WINDOW,
  parameters: [
    ...VOLTAGES,
    parameter("storage_voltage_V", "voltage at which the storage begins", 4.1, 0.1, 5.5),
    parameter("rate_C", "charge and discharge", 0.2, 0.02, 1),
    parameter("taper_rate_C", "end of each hold", 0.02, 0.005, 1),
    parameter("days", "at open circuit", 7, 0.01, 120),
    count("periods", "storage periods", 1, 1, 100),
  ],
  build(value) {
    const check = (when: string) => [
      charge(value("rate_C"), value("upper_voltage_V"), `${when}-charge`),
      hold(value("upper_voltage_V"), value("taper_rate_C"), 4),
      rest(30),
      discharge(value("rate_C"), value("lower_voltage_V"), `${when}-capacity`),
      rest(30),
    ];
    return {
      recordS: 60,
      recordV: 0.002,
      steps: [
        ...check("before"),
        tag("period"),
        charge(value("rate_C"), value("storage_voltage_V"), "to-storage"),
        hold(value("storage_voltage_V"), value("taper_rate_C"), 4),
        rest(value("days") * 24 * 60, "storage"),
        discharge(value("rate_C"), value("lower_voltage_V"), "remaining"),
        rest(30),
        ...check("after"),
        loop("period", value("periods")),
      ],
    };
  },
};

export const ACTIVATION: LibraryEntry = {
  name: "activation",
  title: "Conditioning: one slow charge with a long hold at the top, then the rate rises to that of use",
  source: "common practice for electrodes that are activated by their first full charge",
  chosen: "rates and times",
  window: WINDOW,
  parameters: [
    ...VOLTAGES,
    parameter("first_rate_C", "first charge and discharge", 0.05, 0.005, 0.5),
    parameter("hold_h", "hold at the top, at the most", 5, 0.1, 48),
    parameter("taper_rate_C", "end of that hold", 0.01, 0.002, 1),
    parameter("use_rate_C", "rate of the cycles that follow", 0.333, 0.02, 2),
    count("cycles", "of these", 3, 1, 50),
    parameter("rest_min", "rest after each step", 10, 1, 600),
  ],
  build: (value) => ({
    recordS: 10,
    steps: [
      rest(60, "settle"),
      charge(value("first_rate_C"), value("upper_voltage_V"), "activation-charge"),
      hold(value("upper_voltage_V"), value("taper_rate_C"), value("hold_h"), "activation-hold"),
      rest(value("rest_min")),
      discharge(value("first_rate_C"), value("lower_voltage_V"), "activation-discharge"),
      rest(value("rest_min")),
      tag("use"),
      charge(value("use_rate_C"), value("upper_voltage_V")),
      rest(value("rest_min")),
      discharge(value("use_rate_C"), value("lower_voltage_V")),
      rest(value("rest_min")),
      loop("use", value("cycles")),
    ],
  }),
};
