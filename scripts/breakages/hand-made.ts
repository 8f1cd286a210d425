/**
 * Deliberate breakages of the controller, at least three for each invariant of the design. Each is a slip that somebody
 * could make, as an exchange of text in one file; what must catch it is the observer of the simulated world, in the search
 * by seed, or, where the search's small campaign has no occasion, a test that runs a world of its own.
 */

export interface Breakage {
  /** Number of the invariant, from 1. */
  readonly invariant: number;
  readonly what: string;
  readonly file: string;
  /** Stands once in the file. */
  readonly from: string;
  readonly to: string;
  /** Test files that must fail; left out: the search by seed. */
  readonly tests?: readonly string[];
}

const EXPOSURE_EFFECTS = "controller/beam/exposure-effects.ts";
const CAMPAIGN_MACHINE = "controller/machines/campaign-machine.ts";
const CAMPAIGN_SETUP = "controller/machines/campaign-setup.ts";
const CELL_MACHINE = "controller/machines/cell-machine.ts";
const SUPERVISOR = "controller/machines/safety-supervisor-setup.ts";
const PERMIT = "controller/safety/permit-judgement.ts";
const CELL_DOSE = "controller/dose/cell-dose.ts";
const INTAKE = "controller/cells/sample-intake.ts";
const AUTHORITY = "controller/bus/authority.ts";

export const BREAKAGES: readonly Breakage[] = [
  {
    invariant: 1,
    what: "a dose over the limit is booked all the same",
    file: CELL_DOSE,
    from: "if (!(wouldBe <= limit.doseGy)) refusals.push",
    to: "if (wouldBe > 1e9) refusals.push",
    tests: ["test/world/cells.test.ts"],
  },
  {
    invariant: 1,
    what: "half the time that the shutter was open is charged",
    file: "controller/beam/open-time.ts",
    from: "return Math.max(closeAskedAtMs - openSeenAtMs, longestMs - travelMs, 0) / 1000;",
    to: "return Math.max(closeAskedAtMs - openSeenAtMs, longestMs - travelMs, 0) / 2000;",
  },
  {
    invariant: 1,
    what: "the flux is charged as if every filter were in the beam twice",
    file: "controller/dose/dose-ledger.ts",
    from: "filterTransmission: measured.beam.filterTransmission,",
    to: "filterTransmission: measured.beam.filterTransmission ** 2,",
  },
  {
    invariant: 1,
    what: "the largest reading of an uneven monitor is not believed",
    file: "controller/beam/exposure-flux.ts",
    from: "largest > mean * MONITOR_EVEN ? largest : mean",
    to: "largest > mean * MONITOR_EVEN ? mean / 2 : mean",
    tests: ["test/world/flux-monitor.test.ts", "test/unit/controller/exposure-flux.test.ts"],
  },
  {
    invariant: 1,
    what: "a monitor is believed for what it did not see",
    file: "controller/dose/flux.ts",
    from: "if (!isLess || byCurrent.doubt !== null) return read;",
    to: "if (isLess || byCurrent.doubt !== null) return read;",
    tests: ["test/unit/controller/exposure-flux.test.ts"],
  },
  {
    invariant: 1,
    what: "a beam that was known to be on is charged only up to when the controller was lost",
    file: "controller/run/closed-shutter.ts",
    from: 'deps.alarms.open.some(({ code }) => code === "shutter.beam-not-off");',
    to: 'deps.alarms.open.slice(999).some(({ code }) => code === "shutter.beam-not-off");',
    tests: ["test/world/stuck-and-restarted.test.ts"],
  },
  {
    invariant: 2,
    what: "what was exposed in a sweep stays on its list",
    file: "controller/beam/sweeps.ts",
    from: `    state = { ...state, remaining: state.remaining.slice(1) };
    return {`,
    to: `    state = { ...state, remaining: [...state.remaining] };
    return {`,
  },
  {
    invariant: 2,
    what: "after a restart the sweep under way is done all over",
    file: "controller/resume/restore.ts",
    from: "remaining: state.remaining.filter((index) => !isDone.has(index))",
    to: "remaining: state.remaining",
  },
  {
    invariant: 2,
    what: "an exposure that was cut short is made again, unasked, by the next plan",
    file: "controller/beam/partial-rule.ts",
    from: 'const mayRepeat = answer.otherwise === "repeat-once" && wanted?.controlIndex === undefined;',
    to: "const mayRepeat = wanted?.controlIndex === undefined;",
    tests: ["test/world/partial-exposures.test.ts"],
  },
  {
    invariant: 3,
    what: "with the beam lost the cells are stopped",
    file: CAMPAIGN_MACHINE,
    from: 'BEAM_LOST: { actions: ["recordBeamLost", "stopExposure"] },',
    to: 'BEAM_LOST: { actions: ["recordBeamLost", "stopExposure", "stopCells"] },',
  },
  {
    invariant: 3,
    what: "an interlock of the hutch stops the cells",
    file: CAMPAIGN_MACHINE,
    from: 'INTERLOCK_BROKEN: { actions: ["noteNews", "stopExposure"] },',
    to: 'INTERLOCK_BROKEN: { actions: ["noteNews", "stopExposure", "stopCells"] },',
  },
  {
    invariant: 3,
    what: "a cell is held while it is exposed",
    file: CAMPAIGN_SETUP,
    from: 'enqueue.sendTo("exposure", { type: "EXPOSE", order });',
    to: 'enqueue.sendTo("exposure", { type: "EXPOSE", order });\n        enqueue.sendTo(cellActorId(order.position), { type: "HOLD_CELL", author: "beamrack", reason: "beam" });',
  },
  {
    invariant: 4,
    what: "samples beyond a cell's limits raise no alarm",
    file: INTAKE,
    from: "if (sink !== ON_RECORD) limits.judge(",
    to: "if (false) limits.judge(",
    tests: ["test/world/limits.test.ts", "test/world/ailing-cells.test.ts"],
  },
  {
    invariant: 4,
    what: "leads that lie elsewhere pass the proof",
    file: "controller/cells/wiring-proof.ts",
    from: "if (refused !== null) throw unproven(refused);",
    to: "",
    tests: ["test/world/wiring.test.ts"],
  },
  {
    invariant: 4,
    what: "a step goes out without the charge that it may not pass",
    file: "protocols/echem/channel-step.ts",
    from: "maxCapacityMah === null ? common",
    to: "maxCapacityMah !== undefined ? common",
    tests: ["test/world/charge-limit.test.ts"],
  },
  {
    invariant: 4,
    what: "a cell that passed a limit goes on with its next step",
    file: CELL_MACHINE,
    from: `            { guard: "endedAtLimit", target: "opening", actions: ["recordStepEnded", "noteInstrumentEnd"] },
            // Its instrument`,
    to: "            // Its instrument",
    tests: ["test/world/ailing-cells.test.ts", "test/world/limits.test.ts"],
  },
  {
    invariant: 4,
    what: "what follows a step that a person ended begins on any cell",
    file: "controller/cells/next-step.ts",
    from: 'if (isBehind) return { kind: "over",',
    to: 'if (isBehind && Math.PI < 3) return { kind: "over",',
    tests: ["test/unit/controller/next-step.test.ts"],
  },
  {
    invariant: 5,
    what: "the permit is renewed whatever the interlocks read",
    file: PERMIT,
    from: "reasons.push(...interlockReasons(levels, request.isRehearsed === true));",
    to: "",
  },
  {
    invariant: 5,
    what: "gate and permit do not ask for the door",
    file: "controller/dose/exposure-gate.ts",
    from: 'const needed = ["searched", "doorClosed", "emergencyOk"] as const;',
    to: 'const needed = ["searched", "emergencyOk"] as const;',
    tests: ["test/unit/controller/exposure-gate.test.ts", "test/unit/controller/permit-judgement.test.ts"],
  },
  {
    invariant: 5,
    what: "an interlock that comes back is good without a person",
    file: PERMIT,
    from: 'export const LATCHING_INTERLOCKS: readonly Interlock[] = ["searched", "doorClosed", "emergencyOk"];',
    to: "export const LATCHING_INTERLOCKS: readonly Interlock[] = [];",
  },
  {
    invariant: 5,
    what: "the stage moves under any interlock",
    file: PERMIT,
    from: 'for (const name of ["searched", "doorClosed", "emergencyOk", "motionEnabled"] as const) {',
    to: 'for (const name of ["searched"] as const) {',
    tests: ["test/world/beam-and-hutch.test.ts"],
  },
  {
    invariant: 5,
    what: "the robot puts cells back after all motion was stopped",
    file: "controller/changer/robot-moves.ts",
    from: "stands = why;",
    to: "stands = null;",
    tests: ["test/world/changer.test.ts"],
  },
  {
    invariant: 5,
    what: "the robot goes on after the rack's sensors stopped it",
    file: "controller/changer/robot-stands.ts",
    from: "const HAZARD = /^(beamrack$|(input|sensor) )/;",
    to: "const HAZARD = /^(input|sensor) /;",
    tests: ["test/world/changer.test.ts"],
  },
  {
    invariant: 5,
    what: "the robot goes on for a person who was refused",
    file: "controller/changer/campaign-changer.ts",
    from: 'if (type === "exposing-resumed") {',
    to: 'if (type === "exposing-resumed" || type === "exposing-not-resumed") {',
    tests: ["test/world/changer.test.ts"],
  },
  {
    invariant: 5,
    what: "the heartbeat goes on when the exposure is over",
    file: "controller/machines/exposure-machine.ts",
    from: `          "returnPermit",
        ],
        invoke: {
          src: "close",`,
    to: `        ],
        invoke: {
          src: "close",`,
    tests: ["test/unit/controller/exposure-machine.test.ts", "test/unit/controller/permit-life.test.ts"],
  },
  {
    invariant: 6,
    what: "the stage is sent to the neighbour of the cell that was meant",
    file: EXPOSURE_EFFECTS,
    from: "      const target = { xMm: order.stageXMm, yMm: order.stageYMm };\n      const wasAt",
    to: "      const target = { xMm: (order as { stageXMm: number }).stageXMm -= 9, yMm: order.stageYMm };\n      const wasAt",
  },
  {
    invariant: 6,
    what: "the shutter opens wherever the stage reads",
    file: EXPOSURE_EFFECTS,
    from: `        stageReading: reading,
        target: { xMm: order.stageXMm, yMm: order.stageYMm },`,
    to: `        stageReading: { xMm: order.stageXMm, yMm: order.stageYMm, atRest: true },
        target: { xMm: order.stageXMm, yMm: order.stageYMm },`,
    tests: ["test/unit/controller/check-at-the-act.test.ts"],
  },
  {
    invariant: 6,
    what: "nothing is awaited before the stage is said to stand",
    file: EXPOSURE_EFFECTS,
    from: "const there = await stage.moveTo(target, signal);",
    to: "void stage.moveTo(target, signal).catch(() => undefined);\n      const there: StageReading = { ...target, atRest: true };",
  },
  {
    invariant: 6,
    what: "a cell that was sent in gets its first current before it is proven to be itself",
    file: "controller/cells/cell-effects.ts",
    from: "        requireIdentity(openCircuitV, null);\n",
    to: "",
    tests: ["test/world/exchanged-cells.test.ts"],
  },
  {
    invariant: 6,
    what: "after a restart any voltage is the same cell's",
    file: "controller/cells/cell-effects.ts",
    from: "if (openCircuitV >= lowV && openCircuitV <= highV) return;",
    to: "if (lowV <= highV) return;",
    tests: ["test/unit/custody/after-restart.test.ts"],
  },
  {
    invariant: 7,
    what: "the supervisor judges by the levels of the cycle before",
    file: SUPERVISOR,
    from: `byLevels(input.latched, isLeft, sendBack, async (levels) => {`,
    to: `byLevels([...input.latched, "searched", "doorClosed", "emergencyOk"], isLeft, sendBack, async (now) => {
          const first = ((request as { first?: InputLevels }).first ??= now);
          const levels = { ...first, readAtMs: now.readAtMs };`,
  },
  {
    invariant: 7,
    what: "levels of any age will do for the stage",
    file: EXPOSURE_EFFECTS,
    from: "    async check(order) {\n      const levels = await readLevels();",
    to: "    async check(order) {\n      const levels = { ...(lastRead ?? (await readLevels())), readAtMs: clock.monoMs() };",
    tests: ["test/unit/controller/check-at-the-act.test.ts"],
  },
  {
    invariant: 7,
    what: "a shutter that does not read closed is no matter before an exposure",
    file: EXPOSURE_EFFECTS,
    from: "      await bringShutterClosed(levels);\n",
    to: "",
    tests: ["test/world/shutters-that-fail.test.ts", "test/world/lying-switch.test.ts", "test/world/shutter.test.ts"],
  },
  {
    invariant: 7,
    what: "a gate is given whatever the interlocks read just before it",
    file: "controller/beam/shutter-gate.ts",
    from: 'if (reasons.length > 0) throw new Fault("interlock.tripped",',
    to: 'if (reasons.length > 9) throw new Fault("interlock.tripped",',
    tests: ["test/world/gated-shutter.test.ts"],
  },
  {
    invariant: 8,
    what: "a detector that never reports is waited for without end",
    file: "controller/machines/exposure-machine.ts",
    from: "return Math.min(reportedByMs, context.permitUntilMs ?? reportedByMs);",
    to: "return reportedByMs + 1e9;",
    tests: ["test/unit/controller/exposure-trouble.test.ts", "test/unit/controller/exposure-machine.test.ts"],
  },
  {
    invariant: 8,
    what: "a channel that does not answer is awaited without a deadline",
    file: CELL_MACHINE,
    from: `            params: { reason: "the channel to confirm that nothing runs", who: "channel", ms: deps.commandDeadlineMs },
          },
          "forgetLead",
        ],
        invoke: {
          src: "openCircuit",
          input: ({ context }) => ({ of: offInput(context), atMs: clock.monoMs() + deps.commandDeadlineMs }),`,
    to: `            params: { reason: "the channel to confirm that nothing runs", who: "channel", ms: deps.commandDeadlineMs },
          },
          "forgetLead",
        ],
        invoke: {
          src: "openCircuit",
          input: ({ context }) => ({ of: offInput(context), atMs: null }),`,
    tests: ["test/unit/controller/cell-machine.test.ts"],
  },
  {
    invariant: 8,
    what: "what a lost command came to is guessed: the step counts as begun",
    file: CELL_MACHINE,
    from: '    { target: "findingOut", actions: [...keep, ...notBegun] } as const,',
    to: '    { target: "cycling", actions: ["noteStepStart", "recordStepStarted"] } as const,',
  },
  {
    invariant: 9,
    what: "a link that is lost is every cell's",
    file: CAMPAIGN_SETUP,
    from: 'else enqueue.sendTo(id, { type: "CHANNEL_ISOLATED", fault: event.fault });',
    to: 'else enqueue.sendTo(id, { type: "CHANNEL_ISOLATED", fault: event.fault });\n        if (event.type === "LINK_LOST") for (const other of deps.cells) enqueue.sendTo(cellActorId(other.position), { type: "CHANNEL_ISOLATED", fault: event.fault });',
  },
  {
    invariant: 9,
    what: "an exposure that failed isolates its cell",
    file: CAMPAIGN_SETUP,
    from: "          for (const one of answered) deps.noteAnswered(one, order.exposureId);",
    to: '          for (const one of answered) deps.noteAnswered(one, order.exposureId);\n        });\n        if (event.fault !== null) enqueue.sendTo(cellActorId(order.position), { type: "CHANNEL_ISOLATED", fault: event.fault });\n        enqueue(() => {',
  },
  {
    invariant: 9,
    what: "trouble with the input/output unit isolates the cells",
    file: CAMPAIGN_SETUP,
    from: "        if (event.name === deps.ioName) {\n",
    to: '        if (event.name === deps.ioName) {\n          if (event.type !== "LINK_READY") for (const other of deps.cells) enqueue.sendTo(cellActorId(other.position), { type: "CHANNEL_ISOLATED", fault: event.fault });\n',
  },
  {
    invariant: 10,
    what: "one sample in a hundred is not stored",
    file: INTAKE,
    from: "sink.sample(cellIndex, atMs, voltageV, currentA, flags);",
    to: "if (intake.sampleCount % 100 !== 99) sink.sample(cellIndex, atMs, voltageV, currentA, flags);",
  },
  {
    invariant: 10,
    what: "what flowed between the last sample of a step and its stop is forgotten",
    file: "controller/cells/cell-effects.ts",
    from: 'if (end === "aborted") intake.switchedOff(cellIndex, clock.monoMs());',
    to: 'if (end === "aborted") intake.stepEnded(cellIndex);',
  },
  {
    invariant: 10,
    what: "one part in fifty of what flows between two samples is not counted",
    file: INTAKE,
    from: "* 0.5 * (atMs - lastMs)) / 3_600_000;",
    to: "* 0.49 * (atMs - lastMs)) / 3_600_000;",
  },
  {
    invariant: 10,
    what: "the chain leaves out what an event says",
    file: "controller/record/hash-chain.ts",
    from: 'return hash("sha256", previousHash + text, "hex");',
    to: 'return hash("sha256", text, "hex");',
    tests: ["test/unit/record"],
  },
  {
    invariant: 10,
    what: "campaign time goes by a clock that was set",
    file: "tui/run/began-ago.ts",
    from: "const bestMs = byUpMs ?? sinceCompared(compared, now.wallMs) ?? byClockMs;",
    to: "const bestMs = byClockMs;",
    tests: ["test/world/fault-search.test.ts"],
  },
  {
    invariant: 10,
    what: "the shutter opens before its booking is on the disk",
    file: "controller/beam/exposure-accounts.ts",
    from: "      await deps.commit();\n      durableSeq",
    to: "      durableSeq",
  },
  {
    invariant: 4,
    what: "a hold that broke off begins with a rush of current",
    file: CELL_MACHINE,
    from: 'return isLedBack ? null : "broken-off";',
    to: "return null;",
    tests: ["test/unit/controller/cell-led-back.test.ts"],
  },
  {
    invariant: 4,
    what: "a step that broke off goes on without a look at its cell",
    file: CELL_MACHINE,
    from: 'return isBrokenOff ? "broken-off" : null;',
    to: "return null;",
    tests: ["test/unit/controller/cell-after-restart.test.ts"],
  },
  {
    invariant: 10,
    what: "a step's charge is not counted through its first sample",
    file: INTAKE,
    from: "count(cellIndex, ampereHours);\n    if (beforeA",
    to: "if (beforeA",
    tests: ["test/unit/controller/sample-intake.test.ts"],
  },
  {
    invariant: 11,
    what: "whoever asks is obeyed, in control or not",
    file: AUTHORITY,
    from: "if (!isOpenToAll(order, user.role) && state.holder?.author !== user.name) {",
    to: "if (!isOpenToAll(order, user.role) && state.holder === null) {",
    tests: ["test/unit/bus", "test/world/bus.test.ts"],
  },
  {
    invariant: 11,
    what: "a command that was answered is obeyed again",
    file: AUTHORITY,
    from: 'if ((answered?.get(envelope.id) ?? -Infinity) >= nowMs) return { state, verdict: { kind: "replay" } };',
    to: "",
    tests: ["test/unit/bus"],
  },
  {
    invariant: 11,
    what: "a group reads the cells of others",
    file: "protocols/bus/users.ts",
    from: "return group !== undefined && user.groups.includes(group);",
    to: "return group !== undefined;",
    tests: ["test/unit/bus"],
  },
];
