/** Fault codes of channels, and of the cells on them. */
export const CHANNEL_FAULTS = {
  "channel.script-error": {
    severity: "hold",
    advice:
      "The instrument stopped the script with an error. The cell was switched off; read the error number before restarting.",
  },
  "channel.silent": {
    severity: "hold",
    advice:
      "No sample within three intervals. The instrument may run on with its own limits; it is read back before anything is started.",
  },
  "channel.out-of-range": {
    severity: "hold",
    advice: "The instrument flagged an overload. Check wiring and current range.",
  },
  "channel.switched-off": {
    severity: "hold",
    advice:
      "The instrument switched its output off by itself, by an alarm or a limit of its own. Read its display before anything is started.",
  },
  "channel.step-file": {
    severity: "hold",
    advice:
      "The step file could not be written where the instrument's computer reads it. Check the shared folder; nothing was started.",
  },
  "rack.aim-unknown": {
    severity: "hold",
    advice:
      "Nothing is exposed; cells cycle on. Have the controller measure it: `beamrack align SITE.yaml --rack-only --by NAME`. Or, where the seat is known to hold: `beamrack swap aim rack --reason TEXT`, by name and reason.",
  },
  "rack.not-off": {
    severity: "hold",
    advice:
      "Do not lift the rack: these cells may still be driven. See why in the alarms and in the log, mend it, and ask for the rest again (`beamrack swap begin rack`); or give the rack back.",
  },
  "rack.not-as-before": {
    severity: "hold",
    advice:
      "The rack was put back otherwise than it lay, or nobody can tell. No current and no beam reaches a cell; put it in with A1 at A1 and give it back again.",
  },
  "cell.limit": {
    severity: "hold",
    advice:
      "A sample passed the cell's safety limit. The cell was switched off and isolated; inspect it before it is cycled again.",
  },
  "cell.not-off": {
    severity: "hold",
    advice:
      "The cell may still be on, and perhaps nothing ends it. Switch the channel off at the instrument or pull its cable.",
  },
  "cell.unproven": {
    severity: "hold",
    advice:
      "Polarity, contact or wiring could not be proven, so no current was sent. Re-seat the cell and check the wiring of this position.",
  },
  "cell.next-step": {
    severity: "hold",
    advice:
      "A step was ended out of turn, or broke off unheard, and what would go on, the next step or the rest of its own, would take the cell beyond its limits at once: it is not begun, and the cell is held, switched off. Skip that step too until one comes that fits, then resume the cell; or stop it.",
  },
  "cell.input": { severity: "refuse", advice: "Correct the named field; units are in its name." },
} as const;
