/** Fault codes of what watches over the rack and over a rehearsal, and of stops. */
export const SAFETY_FAULTS = {
  "rack.level": {
    severity: "hold",
    advice:
      "A sensor over the rack passed its alarm level: a cell may leak or overheat. Look for one whose voltage sags; nothing is stopped yet.",
  },
  "rack.stopped": {
    severity: "hold",
    advice:
      "A sensor over the rack passed the level at which the rack is stopped: exposing ended and every cell is on open circuit. Look before anybody opens the rack.",
  },
  "rack.silent": {
    severity: "hold",
    advice:
      "A sensor that stopped the rack is not read any more, so nothing more is resumed; what a person resumed before goes on. Have it read again. Or look at the rack from outside and make sure of its air: whoever acknowledges this alarm vouches for it, until the sensor is read again or beamrack is started again.",
  },
  "safety.tripped": {
    severity: "hold",
    advice:
      "An input of the rack tells of trouble, or was not read. What the site names for it was stopped. Look at the rack from outside first; nothing is resumed while it tells of trouble, and nothing resumes by itself after it.",
  },
  "rehearsal.locked": {
    severity: "hold",
    advice:
      "A rehearsal opens nothing. That something tried to is a defect: end the rehearsal, keep its folder and report it.",
  },
  "rehearsal.lit": {
    severity: "stop",
    advice:
      "Somebody, or a defect, opened both shutters in a rehearsal. Both were asked closed, and the cell in the beam is charged at the highest flux. Ask who was at the panel and see that both read closed; then let the rehearsal go on. Count what this folder charges against the cell's limits before it is exposed.",
  },
  "stop.not-confirmed": {
    severity: "hold",
    advice:
      "A device did not say in time that it obeys a stop; all others went on without waiting for it. Do by hand what the alarm names, then order the stop again: it is safe to repeat.",
  },
  "beam.instrument-lost": {
    severity: "hold",
    advice:
      "An instrument without which nothing can be exposed has not answered for some minutes; cells go on. Repair it: it is asked who it is every few seconds, and exposing goes on by itself once it answers.",
  },
  "beam.held": {
    severity: "hold",
    advice:
      "Exposing went wrong too often in a row, so no cell is exposed until a person resumes; cells go on. Mend what the cause says, then `beamrack resume`.",
  },
} as const;
