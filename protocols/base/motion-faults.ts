/** Fault codes of the stage and its ways. */
export const MOTION_FAULTS = {
  "stage.alarm": {
    severity: "hold",
    advice:
      "The stage raised an alarm and its position may be lost. Read the alarm number, clear the cause, home again.",
  },
  "stage.position": {
    severity: "hold",
    advice: "The stage is not where it was sent. No exposure was made. Home it and repeat the move.",
  },
  "stage.not-homed": {
    severity: "hold",
    advice: "The stage has no position reference. Home it before anything is exposed.",
  },
  "stage.no-permit": {
    severity: "hold",
    advice: "Motion is not permitted: search, door, emergency stop or enable. Make the condition good, then re-arm.",
  },
  "stage.keep-out": {
    severity: "hold",
    advice:
      "The stage may not stand there, or no way leads there past what it may not pass (keep_out of the site); nothing was moved. Where it stands in such a place itself, drive it out by its own software, by sight.",
  },
} as const;
