/** Fault codes of what stands beside the rack's own work: alignment, exports, notifications, the bus, beamrack itself. */
export const SERVICE_FAULTS = {
  // exports
  "report.rates": {
    severity: "refuse",
    advice: "The file of rates has a currency and any of beam_h, channel_h and exposure; docs/report.md shows one.",
  },
  "export.exists": {
    severity: "refuse",
    advice: "Nothing was written; an export never writes over anything. Name a place where nothing stands yet.",
  },
  "export.no-plan": {
    severity: "refuse",
    advice:
      "The folder was begun by a version that did not write the rack into the record, or that event is damaged: run beamrack verify to see which.",
  },
  "export.unknown-group": {
    severity: "refuse",
    advice: "Give the group as the campaign file names it, or leave --group out for the cells of all groups.",
  },
  "export.not-held": {
    severity: "refuse",
    advice:
      "Nothing was thinned. Name a whole export of this record, of all groups, as bdf, nexus or rocrate; make one anew where need be.",
  },
  "clock.set": {
    severity: "retry",
    advice:
      "Steps and campaign time are right all the same: by how long the computer is up, or, where it was started anew, by what its clock went on since it was last compared. Times of day on record are those of the campaign's begin: keep the computer's clock by a time service, and note what it was off by.",
  },
  "disk.fills": {
    severity: "retry",
    advice:
      "At this pace the disk under the record is full before the campaign is over. Make room: move frames and exports away, or vacuum a folder that is done.",
  },
  "disk.full-soon": {
    severity: "hold",
    advice:
      "Make room now: move frames and exports away. Once the disk is full nothing is exposed, and cells go on without a record.",
  },
  "disk.small": {
    severity: "refuse",
    advice: "Nothing was begun. Make room, name a folder on a larger disk with --data, or record more seldom.",
  },
  "wait.overdue": {
    severity: "hold",
    advice:
      "A part of the run waits longer than its own deadline and did not act by itself. Look at whom it waits for; where that answers, report it with the data folder.",
  },
  // notifications
  "notify.invalid": {
    severity: "refuse",
    advice: "Correct the file at the place named; docs/notifications.md has one that works.",
  },
  "notify.failed": {
    severity: "hold",
    advice:
      "A way by which people are told of alarms does not work: look here more often until it does. Compare its place and secret with the file of the notifier; `beamrack notify test` tries it.",
  },
  // bus
  "bus.unreachable": {
    severity: "refuse",
    advice:
      "Is a controller running, and is this its broker? `beamrack run` names the address when it starts; give it with --broker mqtt://host:port.",
  },
  "bus.login": {
    severity: "refuse",
    advice:
      "The broker does not take this user and password. Compare BEAMRACK_USER and BEAMRACK_PASSWORD, or the file of --credentials, with the site's users.",
  },
  "bus.certificate": {
    severity: "refuse",
    advice:
      "The broker's certificate is not trusted: expired, for another host, or signed by somebody unknown. Renew it, or name the signer with BEAMRACK_CA_FILE.",
  },
  "bus.no-rack": {
    severity: "refuse",
    advice: "Compare --rack with the racks that the broker knows; without a controller there is none.",
  },
  "bus.lost": {
    severity: "retry",
    advice: "What was shown is no longer live. beamrack connects again by itself; the run is not concerned.",
  },
  "bus.no-answer": {
    severity: "hold",
    advice: "Whether the order was obeyed is not known. Look how things stand before it is given again.",
  },
  "bus.order-refused": {
    severity: "refuse",
    advice: "Nothing was done. Make the named condition good, then order anew.",
  },
  "bus.broker-failed": {
    severity: "hold",
    advice:
      "The embedded broker does not run; it is started again by itself. Screens and commands are cut off meanwhile, the run is not concerned.",
  },
  "bus.users": {
    severity: "refuse",
    advice: "Correct the users file; `beamrack users FILE add NAME --role ROLE` writes its lines.",
  },
  // cells sent in
  "cell.wrong": {
    severity: "hold",
    advice:
      "Another cell lies in this place than the campaign has there, so it gets neither current nor beam. Scan slot and cell again, put each where it belongs, then begin anew.",
  },
  "cell.identity-unknown": {
    severity: "hold",
    advice:
      "Which cell lies here could not be proven, so it gets neither current nor beam. Clean the code and scan slot and cell again (beamrack load), then begin anew.",
  },
  "manifest.refused": {
    severity: "refuse",
    advice: "Correct the manifest, or ask its group to; `beamrack manifest check FILE` names each error.",
  },
  "custody.damaged-ledger": {
    severity: "refuse",
    advice:
      "The custody ledger was changed by hand or by a disk. Go on with a copy of it that is whole, and scan the cells anew; nothing was written.",
  },
  "custody.ledger-lost": {
    severity: "hold",
    advice:
      "While a run goes on its custody ledger is away, cut or damaged. Bring it back as it was, whole: until then nobody hears of cells that are loaded or held back; those that were proven go on.",
  },
  "custody.not-written": {
    severity: "refuse",
    advice:
      "Make room, or name a folder that may be written. What was noted before stands: `beamrack custody FOLDER` says up to where; scan the rest again.",
  },
  "custody.simulated": {
    severity: "refuse",
    advice: "Give the data folder of a run in the rack; nothing was written.",
  },
  "custody.unknown": {
    severity: "refuse",
    advice: "Receive and load the cells first: `beamrack receive FOLDER`, then `beamrack load FOLDER`.",
  },
  // beamrack itself
  "beamrack.defect": {
    severity: "stop",
    advice:
      "A part of beamrack broke. No exposure is begun until a person resumes; cells go on within their limits. Report it with the data folder.",
  },
  "calibration.flux-drift": {
    severity: "hold",
    advice:
      "Doses follow the monitor, and stay right if it is. Look at slits, mirrors and monochromator, and at the monitor itself; then measure the flux anew (`beamrack calibrate SITE.yaml flux`) and put it into the site file. Data across the change are not comparable by ring current.",
  },
  "calibration.expires-soon": {
    severity: "hold",
    advice:
      "Plan the measurement for a pause: end the run in order (Ctrl-C; cells go on within their limits), measure (`beamrack align`, `beamrack calibrate`; docs/alignment.md), and give the run again.",
  },
  "calibration.expired": {
    severity: "hold",
    advice:
      "What was measured is older than the site allows. Unless the site says `when_expired: hold` exposures go on: bookings stay upper bounds by the site's highest flux, and doses follow the monitor, as good as the last measurement still is. Rack and beam size the running controller measures anew: `beamrack align SITE.yaml --rack-only --by NAME`. For anything else end the run in order, measure (`beamrack align`, `beamrack calibrate`), and give it again. What was exposed since stands behind this alarm in the record.",
  },
  "correction.moved": {
    severity: "hold",
    advice:
      "The calibrant's rings lie elsewhere than the geometry has them: detector, its distance, the wavelength or the integrator's geometry file is another. Find out which and since when; calibrate the geometry anew (`beamrack calibrate SITE.yaml geometry FILE`), and integrate the frames since the last good one by it.",
  },
  "correction.dark-level": {
    severity: "hold",
    advice:
      "The detector counts with the shutter closed. Look for light in the hutch, a shutter that leaks, and the detector's threshold and high voltage; frames since the last good dark hold these counts too.",
  },
  "correction.too-weak": {
    severity: "hold",
    advice:
      "An empty place without any count, or a flat field with too few: look whether the beam comes through there, whether what is evenly lit still stands there, and whether the detector counts. Lengthen `exposure_s`, or take filters out.",
  },
  "correction.unclear": {
    severity: "hold",
    advice:
      "Too few lines of the calibrant stand out. Look whether it stands where the calibrations say, and is hit; expose it for longer, or with fewer filters.",
  },
  "correction.failed": {
    severity: "hold",
    advice:
      "A frame beside the cells was not taken; it is tried again in ten minutes, and cells are exposed meanwhile. Look at what the alarm names.",
  },
  "correction.expired": {
    severity: "hold",
    advice:
      "What corrects the frames of the cells is older than twice its interval. Frames are taken all the same; look what kept it from being taken: beam, a person's hold, the detector, or a campaign without a pause.",
  },
  "calibrate.dark": {
    severity: "hold",
    advice:
      "Close the shutters, and say with --frames where this computer sees the detector's disk; detectors that write CBF only. Nothing was noted.",
  },
  "calibrate.flat": {
    severity: "hold",
    advice:
      "Write into the site where what is evenly lit stands (`calibrations: { frames: { flat: ... } }`), at least 11 mm from every cell; see that the beam is on, and expose longer, or behind a filter where pixels are saturated. Nothing was noted; what was exposed stands in the record.",
  },
  "calibrate.unclear": {
    severity: "hold",
    advice:
      "Look whether the beam is on, the opening stands in the beam (align first), the diode stands behind it and reads; then measure again. Nothing was written.",
  },
  "image.calibration": {
    severity: "refuse",
    advice:
      "Images are not corrected by what is out of date or was changed. Take it anew and note it with `beamrack calibrate`, or name files one by one.",
  },
  "image.geometry": {
    severity: "refuse",
    advice:
      "Give a geometry file in the PONI form (pyFAI writes it) of this detector, upright to the beam, and as a mask a CBF image of it.",
  },
  "image.refused": {
    severity: "refuse",
    advice: "Give an image as camservers write it (CBF), and the geometry and mask of the detector that took it.",
  },
  "align.rack": {
    severity: "hold",
    advice:
      "Where the rack stands could not be told from its openings. Look whether the rack is seated, the beam is on, the diode stands behind the rack and reads, and whether the openings in the site file are those of this rack; then align again.",
  },
} as const satisfies Readonly<
  Record<string, { readonly severity: "retry" | "hold" | "stop" | "refuse"; readonly advice: string }>
>;
