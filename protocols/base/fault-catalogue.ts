import { CHANNEL_FAULTS } from "./channel-faults.ts";
import { MOTION_FAULTS } from "./motion-faults.ts";
import { SAFETY_FAULTS } from "./safety-faults.ts";
import { SERVICE_FAULTS } from "./service-faults.ts";

/**
 * Every fault code with its severity and its advice. `docs/faults.md` lists them for the operator; a test keeps
 * the two in step. A code is `area.what`, and is never reused for another meaning.
 */
export const FAULT_CATALOGUE = {
  // frames
  "frame.saturated": {
    severity: "hold",
    advice:
      "The detector no longer counted in some bins of this cell's frame, so its lines are cut off and there may be damage. Lower the exposure or put a filter in, and look whether the direct beam passes beside its stop.",
  },
  "frame.beam-missed": {
    severity: "hold",
    advice:
      "Photons were sent, and the frame shows no line of any cell. Look whether a cell stands there, whether the stage's reference or the beam has moved, and whether the frame is of this exposure; then ask for one exposure by hand: a good frame lets the cell go on.",
  },
  "frame.casing-only": {
    severity: "hold",
    advice:
      "The beam met casing and no electrode: it passes beside the disc, or the cell is empty. Look at the spots of the preset and at the cell's place; then ask for one exposure by hand.",
  },
  "frame.too-weak": {
    severity: "hold",
    advice:
      "Too few counts to read this frame. Compare flux and filters with the campaign's, and the exposure with what `check` says a cell of this casing needs.",
  },
  "frame.wrong-sample": {
    severity: "hold",
    advice:
      "The lines are not those of the cell that stands in the campaign at this position. Read the barcode there; until the cell is known its data belong to nobody. After it is put right ask for one exposure by hand.",
  },
  // links
  "link.closed": {
    severity: "retry",
    advice: "The port or the connection is gone. Check cable and power; beamrack reconnects by itself.",
  },
  "link.open-failed": {
    severity: "retry",
    advice:
      "The port could not be opened. Check its path or address in the site file, cable and power, and that no other program holds it.",
  },
  "link.refused": {
    severity: "retry",
    advice:
      "The host is there, but nothing takes the connection. Is the instrument's server on, is the port in the site file the right one, and does another client hold its only connection?",
  },
  "link.timeout": {
    severity: "retry",
    advice:
      "The device did not answer in time. Check power, cable and baud rate, and whether another device is on this port; beamrack identifies it anew before it goes on.",
  },
  "link.garbled": {
    severity: "retry",
    advice:
      "The device's answer could not be read. Check baud rate, parity, earth and cable, and whether another device is on this port; look at the captured bytes (--capture).",
  },
  "link.oversized": {
    severity: "retry",
    advice:
      "A message far larger than any reading came, and the connection was closed instead of waiting for its end. Find out who publishes it; beamrack connects again.",
  },
  "link.isolated": {
    severity: "hold",
    advice: "Reconnecting was given up after the stated number of tries. Repair the device, then acknowledge.",
  },
  "device.wrong": {
    severity: "refuse",
    advice: "Another device answers on this port. Compare the site file with the wiring.",
  },
  "device.firmware": {
    severity: "refuse",
    advice:
      "This driver was not tried with that firmware, which may speak otherwise. Bring the device to a known version, or extend the driver after a test on a dummy cell.",
  },
  "device.unknown-outcome": {
    severity: "hold",
    advice:
      "A command was sent and its answer never came. beamrack reads the device back before it decides; nothing is sent twice.",
  },
  "device.unbooked": {
    severity: "refuse",
    advice:
      "Whatever can let the beam in needs --data with the data folder of a campaign, and the position whose cell stands in the beam.",
  },
  "device.interrupted": {
    severity: "hold",
    advice: "It was ended on request and made safe as far as it could be. Ask for status before the next command.",
  },
  "device.unconfirmed": {
    severity: "refuse",
    advice: "It moves, energises or ends something: say yes when asked at a terminal, or add --yes.",
  },
  "device.refused": {
    severity: "hold",
    advice: "The device turned the command down. Read the error number in the detail and the family's page in docs.",
  },
  ...CHANNEL_FAULTS,
  ...MOTION_FAULTS,
  // sample changer and codes
  "changer.not-ready": {
    severity: "hold",
    advice: "The sample changer cannot start, and nothing was moved. Make the named condition good, then repeat.",
  },
  "changer.alarm": {
    severity: "hold",
    advice:
      "The arm stopped before its path was done. Look at arm, gripper and rack, clear the cause, then say where the cell is.",
  },
  "changer.lost": {
    severity: "hold",
    advice:
      "Where the cell is is not proven. Look at gripper, tray and rack before anything else moves, then say where it is.",
  },
  "changer.place-unknown": {
    severity: "hold",
    advice:
      "Nobody knows where this cell is: the robot was stopped, lost it, or was not seen to finish. Look at gripper, holder in the beam and floor; put the cell into its own place on the rack, empty gripper and holder, free the robot on its own panel, then resume exposing. beamrack asks the robot and measures the cell before it goes on.",
  },
  "changer.not-back": {
    severity: "hold",
    advice:
      "Nothing more is exposed, and the robot is not sent for this cell: it was stopped, or could not bring it back. The cell is off. Once the hutch may be entered, look at arm, gripper and holder, take the cell out by hand, and put it into its own place on the rack.",
  },
  "changer.cell-on": {
    severity: "retry",
    advice:
      "The cell was not taken: its channel did not confirm it off. It stays in its place and goes on; look at the channel if it happens again.",
  },
  "changer.wrong-cell": {
    severity: "hold",
    advice:
      "Another cell lies in this place than the campaign has there. It was put back unexposed, and its channel drives it no more. Compare the codes on the cells with the campaign, put each where it belongs, and check what the wrong programme may have done to it.",
  },
  "changer.no-code": {
    severity: "retry",
    advice:
      "The code of the cell could not be read on its way, so it was put back unexposed. Clean the code; if a neighbour was isolated at the same time, the gripper has taken two cells: look on the floor of the robot's cell.",
  },
  "code.none": { severity: "retry", advice: "No code was read in time. Hold the cell before the reader, or clean it." },
  "code.implausible": {
    severity: "retry",
    advice:
      "What was read cannot be the code of a cell. Read it again; compare the reader's settings with the site file.",
  },
  "code.ambiguous": {
    severity: "hold",
    advice: "Two codes were read where one was expected. See that one cell alone lies before the reader, then repeat.",
  },
  // shutter, permits, input and output
  "io.exception": {
    severity: "hold",
    advice: "The input/output unit answered with a Modbus exception. Compare its register map with the site file.",
  },
  "io.watchdog": {
    severity: "hold",
    advice:
      "The output watchdog had tripped and all outputs were dropped. It is re-armed only with the shutter closed.",
  },
  "shutter.stuck-open": {
    severity: "stop",
    advice:
      "The shutter did not report closed. The permit was dropped and the safety shutter asked to close. Do not enter; call the beamline.",
  },
  "shutter.stuck-closed": {
    severity: "hold",
    advice:
      "The shutter did not report open in time. Nothing is exposed; the booking was settled from the switches. Check air and permit chain.",
  },
  "shutter.beam-not-off": {
    severity: "stop",
    advice:
      "Neither shutter reports closed: the beam may still be on the cell. Do not enter; have the beamline take the beam off. The time is charged to the cell until a shutter reads closed or the stage has reached the shadow, and nothing more is exposed until a person resumes.",
  },
  "shutter.flux-while-closed": {
    severity: "stop",
    advice:
      "Photons come through a shutter that reads closed: its switch lies, or a blade stands open. The permit was dropped and the safety shutter asked to close; what a cell got meanwhile is in no booking. Do not enter; have switch and blades checked, then resume exposing.",
  },
  "shutter.contradiction": {
    severity: "hold",
    advice: "Both shutter switches report at once. Nothing is exposed until the wiring is checked.",
  },
  "attenuator.not-in-place": {
    severity: "hold",
    advice: "The filters do not read back as asked. Nothing is exposed; check the filter switches.",
  },
  "interlock.tripped": {
    severity: "hold",
    advice:
      "An interlock is not satisfied. After a search, door or emergency break a person re-arms; beamrack never does.",
  },
  "permit.lapsed": {
    severity: "retry",
    advice:
      "The shutter permit lapsed before the exposure was complete. What was given is accounted; the exposure follows the campaign's rule.",
  },
  "exposure.window-passed": {
    severity: "retry",
    advice:
      "The cell was in the beam only when the window of its request was over. Nothing was given; the request is missed, and what is due next goes on.",
  },
  // detector
  "detector.refused": {
    severity: "hold",
    advice: "The detector turned the exposure down. Read its answer in the detail.",
  },
  "detector.late": {
    severity: "hold",
    advice:
      "The detector did not report the end of the exposure. The shutter was closed by its deadline; dose is accounted.",
  },
  "detector.aborted": {
    severity: "retry",
    advice: "The exposure was ended on request. What was given is accounted; the exposure follows the campaign's rule.",
  },
  "detector.unexpected": {
    severity: "retry",
    advice: "The detector said something that nobody asked for. Read its words; see that no other program commands it.",
  },
  "detector.no-frame": {
    severity: "hold",
    advice:
      "The exposure was made and its file is not on the detector. Dose is accounted; look at the file writer and the free space.",
  },
  "detector.gate-missed": {
    severity: "hold",
    advice:
      "The trigger's gate came so late that the detector had ceased to count before its end; the frame lacks photons, the dose is accounted. Give the trigger a longer lead_s in the site file.",
  },
  // triggers
  "trigger.late": {
    severity: "hold",
    advice:
      "The gate generator did not report the end of its gates. Its outputs were set to rest; read it back before it is fired again.",
  },
  "trigger.stray-gate": {
    severity: "hold",
    advice:
      "The shutter left its closed switch before the trigger was told to fire. It was asked closed, and what was given is accounted. See what else fires the trigger, and its cable.",
  },
  "trigger.aborted": {
    severity: "retry",
    advice: "The gates were ended on request. What was given is told by the shutter's switches and the detector.",
  },
  // beam and sensors
  "sensor.stale": {
    severity: "retry",
    advice:
      "The last reading is older than its maximum age. Silence counts as tripped; check the source and the broker.",
  },
  "sensor.unreadable": {
    severity: "retry",
    advice: "The message could not be read as a number. Compare the topic and its JSON path with the site file.",
  },
  ...SAFETY_FAULTS,
  "beam.lost": {
    severity: "retry",
    advice: "No machine beam. Cells keep cycling; exposures resume by themselves when the beam is back.",
  },
  "beam.current-jumped": {
    severity: "hold",
    advice:
      "The ring current jumped between two readings: the feed may have failed, or the machine has lost part of its beam. Nothing is exposed until it has been steady for some seconds; then exposures resume by themselves. Compare the feed with the machine's own screen.",
  },
  // dose
  "dose.limit": {
    severity: "refuse",
    advice:
      "With all uncertainty the next exposure could pass a dose limit, so it is not made. The cell keeps cycling; this spot gets no more unless another limit is vouched for.",
  },
  "dose.unknown": {
    severity: "refuse",
    advice: "The dose could not be bounded because an input is missing or not a number. Give the missing value.",
  },
  "dose.flux-doubtful": {
    severity: "hold",
    advice:
      "A source of the flux contradicts the other, or what the site says is possible. The exposure is charged with the larger; look at the monitor and the ring current before more beam is spent.",
  },
  "dose.beam-effect": {
    severity: "hold",
    advice:
      "Spots that are exposed again and again differ from control spots of the same cell by more than chance explains: what is measured there is no longer the cell. Lower dose or dose rate for this material; the campaign's on_beam_effect says what is done by itself.",
  },
  "dose.beam-effect-suspected": {
    severity: "hold",
    advice:
      "Exposed spots seem to differ from control spots, or exposed cells from control cells, but not surely. Look at the next control visits before more dose is given.",
  },
  "dose.input": { severity: "refuse", advice: "Correct the named field; units are in its name." },
  // files and folders
  "file.missing": { severity: "refuse", advice: "Check the path." },
  "file.unreadable": {
    severity: "refuse",
    advice: "See that this account may read it, and that the disk or share it is on is there.",
  },
  "file.not-text": {
    severity: "refuse",
    advice: "Is this the file you meant? Campaigns, sites and cases are text in UTF-8.",
  },
  "file.too-large": {
    severity: "refuse",
    advice:
      "Is this the file you meant? Text files are read up to 64 MB; campaigns, sites and protocols up to 4 million characters.",
  },
  "file.syntax": { severity: "refuse", advice: "Correct the file there; nothing was read of it." },
  "file.schema": { severity: "refuse", advice: "Correct the value at the path given." },
  "campaign.invalid": { severity: "refuse", advice: "Correct the campaign; nothing was moved." },
  "site.in-use": {
    severity: "refuse",
    advice:
      "One controller at a site. Stop the other one, or wait for it; beside it `beamrack device` may only identify, read and ask for status.",
  },
  "site.lock-unusable": {
    severity: "refuse",
    advice:
      "Give everybody who may control the site write access to this folder, or name another for all of them in BEAMRACK_STATE.",
  },
  "site.invalid": { severity: "refuse", advice: "Correct the site file; nothing was moved." },
  "protocol.invalid": { severity: "refuse", advice: "Correct the protocol; nothing was moved." },
  "plan.does-not-fit": {
    severity: "refuse",
    advice: "Shorten the exposure, expose fewer cells, or lengthen the cadence.",
  },
  "command.unknown": { severity: "refuse", advice: "See beamrack --help." },
  "command.usage": { severity: "refuse", advice: "See beamrack COMMAND --help." },
  "output.unwritable": {
    severity: "hold",
    advice: "Free space or permissions, or name another place. The run and its record are not concerned.",
  },
  "run.begun": {
    severity: "refuse",
    advice: "Another run, or an amendment, came to this folder in the same moment. Look what goes on there.",
  },
  "amend.impossible": {
    severity: "refuse",
    advice:
      "Amendments are of a run on real links: given to its controller over the bus, or put on record in its folder while none runs. Nothing was changed.",
  },
  "amend.other-file": {
    severity: "refuse",
    advice: "Give the file of the last amendment, unchanged; its text stands in the log, in campaign-amended.",
  },
  "run.finished": {
    severity: "refuse",
    advice: "Name a new folder for another campaign; what was given to each spot stands in this one.",
  },
  "bench.listen": {
    severity: "refuse",
    advice: "A simulated instrument could not be served there. See that no other bench runs, or name another address.",
  },
  "store.unwritable": {
    severity: "stop",
    advice:
      "The data folder cannot be written, and beamrack stops exposing rather than losing a record. Free space or permissions; the same command then goes on from what is stored.",
  },
  "store.refused": {
    severity: "hold",
    advice:
      "The disk does not take the record. Nothing is exposed meanwhile, cells go on, one that a person lets go on or sends to its next step waits, and all is in memory: free space or permissions and it goes on by itself. Do not end the run before, or what waits is lost.",
  },
  "store.writer-ended": {
    severity: "stop",
    advice: "A part of beamrack itself broke. The same command goes on from what is stored; report it with the log.",
  },
  "store.unopened": {
    severity: "refuse",
    advice:
      "Nothing was started. Free space or permissions, or name a folder that this account may write in with --data.",
  },
  "store.unreadable": {
    severity: "refuse",
    advice:
      "See that this account may read the folder. A record whose run did not end in order is read only where the folder can be written.",
  },
  "store.no-driver": {
    severity: "refuse",
    advice:
      "Run npm ci in beamrack's folder with the Node that beamrack is to run on; what it reports there is the cause.",
  },
  "store.in-use": {
    severity: "refuse",
    advice: "Two runs never share a data folder. Let the other end, or stop it, or name another folder with --data.",
  },
  "store.other-campaign": {
    severity: "refuse",
    advice: "The data folder was begun with something else. Give what it was begun with, or choose another folder.",
  },
  "store.newer": { severity: "refuse", advice: "The data folder was written by a newer version. Update beamrack." },
  "store.damaged": { severity: "refuse", advice: "The data folder is damaged. Run beamrack verify to see where." },
  "store.thinned": {
    severity: "refuse",
    advice: "A simulated run goes on only in a record that has all its samples: simulate anew into another folder.",
  },
  "store.diverged": {
    severity: "stop",
    advice: "The repeated run did not reproduce the stored log. The folder is untouched; report this with its seed.",
  },
  ...SERVICE_FAULTS,
} as const satisfies Readonly<
  Record<string, { readonly severity: "retry" | "hold" | "stop" | "refuse"; readonly advice: string }>
>;

export type FaultCode = keyof typeof FAULT_CATALOGUE;
