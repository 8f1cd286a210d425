/** Recipes that measure a cell: GITT, PITT, pulses, impedance, rest. */
import {
  charge,
  count,
  hold,
  loop,
  parameter,
  rest,
  tag,
  VOLTAGES,
  WINDOW,
  type LibraryEntry,
  type StepFields,
} from "./library-entry.ts";

export const GITT: LibraryEntry = {
  name: "gitt",
  title: "GITT: pulses of current with long rests, up and down again",
  source:
    "W. Weppner and R. A. Huggins, J. Electrochem. Soc. 124 (1977) 1569; common values: 10 to 30 min at C/20 to C/10, rests of 1 to 4 h",
  chosen: "C/20 for 30 min, rests of 2 h; half as many pulses again as fill the cell, each of them ended by the window",
  window: WINDOW,
  parameters: [
    ...VOLTAGES,
    parameter("rate_C", "of a pulse", 0.05, 0.005, 1),
    parameter("pulse_min", "length of a pulse", 30, 0.1, 600),
    parameter("rest_min", "relaxation after it", 120, 1, 1440),
  ],
  build(value) {
    const perPulse = (value("rate_C") * value("pulse_min")) / 60;
    const pulses = Math.max(2, Math.ceil(1.5 / perPulse));
    const pulse = (sign: number, untilV: number, id: string): StepFields => ({
      step: "constant_current",
      id,
      rate_C: sign * value("rate_C"),
      until_time_s: value("pulse_min") * 60,
      until_voltage_V: untilV,
    });
    return {
      recordS: 10,
      recordV: 0.001,
      steps: [
        rest(60, "settle"),
        tag("up"),
        pulse(1, value("upper_voltage_V"), "pulse-up"),
        rest(value("rest_min"), "relax-up"),
        loop("up", pulses),
        tag("down"),
        pulse(-1, value("lower_voltage_V"), "pulse-down"),
        rest(value("rest_min"), "relax-down"),
        loop("down", pulses),
      ],
    };
  },
};

/** Floating steps would leave 3.7000000000000006 V in the file. */
function volts(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

export const PITT: LibraryEntry = {
  name: "pitt",
  title: "PITT: a staircase of voltages, each held until the current has died away",
  source: "C. J. Wen et al., J. Electrochem. Soc. 126 (1979) 2258; common values: 10 to 20 mV, until C/50 to C/100",
  chosen: "20 mV, until C/50 or one hour; up to the first step at constant current, so that no hold begins with a rush",
  window: ["from_voltage_V", "to_voltage_V"],
  parameters: [
    parameter("from_voltage_V", "first step of the staircase", 3.6, -1, 5.5),
    parameter("to_voltage_V", "last step, above the first", 4.2, -1, 5.5),
    parameter("step_mV", "height of a step", 20, 1.5, 500),
    parameter("taper_rate_C", "end of a step", 0.02, 0.001, 1),
    parameter("approach_rate_C", "charge up to the first step", 0.1, 0.005, 1),
    parameter("hold_h", "a step at the most", 1, 0.01, 48),
  ],
  build(value) {
    const steps = Math.max(
      0,
      Math.round(((value("to_voltage_V") - value("from_voltage_V")) * 1000) / value("step_mV")),
    );
    const levels = Array.from({ length: steps + 1 }, (_, index) =>
      volts(value("from_voltage_V") + (index * value("step_mV")) / 1000),
    );
    const stair = (voltageV: number): StepFields => hold(voltageV, value("taper_rate_C"), value("hold_h"));
    return {
      recordS: 1,
      steps: [
        rest(60, "settle"),
        charge(value("approach_rate_C"), volts(value("from_voltage_V")), "approach"),
        ...levels.map(stair),
        ...[...levels].reverse().slice(1).map(stair),
      ],
    };
  },
};

export const PULSES: LibraryEntry = {
  name: "hppc",
  title: "Direct-current resistance: discharge and charge pulses at falling states of charge",
  source:
    "shape of the hybrid pulse power characterisation of the USABC manuals: 10 s discharge, 40 s rest, 10 s charge at 0.75 of the current",
  chosen: "steps of a tenth at C/3, an hour's rest, 1C pulses, samples at 10 Hz in all of it",
  window: WINDOW,
  parameters: [
    ...VOLTAGES,
    parameter("pulse_rate_C", "discharge pulse; the charge pulse has three quarters of it", 1, 0.1, 10),
    parameter("step_rate_C", "between the states of charge", 0.333, 0.02, 2),
    parameter("step_fraction", "of the capacity, between two pulses", 0.1, 0.01, 0.5),
    parameter("rest_min", "rest before the pulses", 60, 1, 600),
  ],
  build(value) {
    const passes = Math.floor(1 / value("step_fraction") + 1e-9);
    const pulse = (rateC: number, untilV: number, id: string): StepFields => ({
      step: "constant_current",
      id,
      rate_C: rateC,
      until_time_s: 10,
      until_voltage_V: untilV,
    });
    return {
      recordS: 0.1,
      steps: [
        charge(value("step_rate_C"), value("upper_voltage_V"), "fill"),
        hold(value("upper_voltage_V"), 0.05, 2),
        rest(value("rest_min")),
        tag("state"),
        pulse(-value("pulse_rate_C"), value("lower_voltage_V"), "pulse-discharge"),
        { step: "open_circuit_voltage", until_time_s: 40 },
        pulse(0.75 * value("pulse_rate_C"), value("upper_voltage_V"), "pulse-charge"),
        { step: "open_circuit_voltage", until_time_s: 40 },
        {
          step: "constant_current",
          id: "to-next-state",
          rate_C: -value("step_rate_C"),
          until_time_s: Math.round((value("step_fraction") * 3600) / value("step_rate_C")),
          until_voltage_V: value("lower_voltage_V"),
        },
        rest(value("rest_min")),
        loop("state", passes),
      ],
    };
  },
};

export const IMPEDANCE: LibraryEntry = {
  name: "impedance",
  title: "Impedance at falling states of charge",
  source: "common practice: 100 kHz to 10 mHz, 5 to 10 mV, 6 to 10 points a decade, after a rest",
  chosen: "steps of a fifth at C/5, two hours' rest, 10 mV",
  window: WINDOW,
  parameters: [
    ...VOLTAGES,
    parameter("step_rate_C", "between the states of charge", 0.2, 0.02, 2),
    parameter("step_fraction", "of the capacity, between two spectra", 0.2, 0.02, 0.5),
    parameter("rest_min", "rest before a spectrum", 120, 1, 600),
    parameter("amplitude_mV", "of the voltage", 10, 1, 50),
    parameter("start_frequency_Hz", "highest frequency", 1e5, 1, 1e6),
    parameter("end_frequency_Hz", "lowest frequency", 0.01, 1e-4, 1e3),
    count("points_per_decade", "points in a decade", 8, 1, 50),
  ],
  build: (value) => ({
    recordS: 10,
    steps: [
      charge(value("step_rate_C"), value("upper_voltage_V"), "fill"),
      hold(value("upper_voltage_V"), 0.05, 2),
      tag("state"),
      rest(value("rest_min")),
      {
        step: "impedance_spectroscopy",
        id: "spectrum",
        amplitude_V: value("amplitude_mV") / 1000,
        start_frequency_Hz: value("start_frequency_Hz"),
        end_frequency_Hz: value("end_frequency_Hz"),
        points_per_decade: value("points_per_decade"),
      },
      {
        step: "constant_current",
        id: "to-next-state",
        rate_C: -value("step_rate_C"),
        until_time_s: Math.round((value("step_fraction") * 3600) / value("step_rate_C")),
        until_voltage_V: value("lower_voltage_V"),
      },
      loop("state", Math.floor(1 / value("step_fraction") + 1e-9)),
    ],
  }),
};

export const REST: LibraryEntry = {
  name: "rest",
  title:
    "Rest: is the cell sound? Open-circuit voltage over time, and a small charge and discharge to see that it answers",
  source: "common practice before a long campaign",
  chosen: "six hours, a minute each way at C/50",
  window: WINDOW,
  parameters: [
    ...VOLTAGES,
    parameter("hours", "at open circuit", 6, 0.1, 240),
    parameter("rate_C", "of the answer", 0.02, 0.002, 0.2),
  ],
  build(value) {
    const answer = (sign: number, untilV: number, id: string): StepFields => ({
      step: "constant_current",
      id,
      rate_C: sign * value("rate_C"),
      until_time_s: 60,
      until_voltage_V: untilV,
    });
    return {
      recordS: 30,
      recordV: 0.001,
      steps: [
        rest(value("hours") * 60, "watch"),
        answer(1, value("upper_voltage_V"), "answer-charge"),
        rest(5),
        answer(-1, value("lower_voltage_V"), "answer-discharge"),
        rest(30, "after"),
      ],
    };
  },
};
