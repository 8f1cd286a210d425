import { detectorContract } from "../../contract/detector.ts";
import { sensorContract } from "../../contract/sensor.ts";
import { triggerContract } from "../../contract/trigger.ts";
import { realBytes, realHttp } from "../../support/real-contract.ts";
import { camserverContract } from "../../unit/camserver/camserver-contract.ts";
import { simplonContract } from "../../unit/dectris-simplon/simplon-bench.ts";
import { picoammeterContract } from "../../unit/keithley-6485/picoammeter-bench.ts";
import { lakeshoreContract } from "../../unit/lakeshore-336/lakeshore-bench.ts";
import { pandaboxContract } from "../../unit/pandabox/pandabox-bench.ts";
import { dg645Contract } from "../../unit/srs-dg645/dg645-bench.ts";

const REAL = { isRealTime: true };
/** Sensors lose answers on purpose here, so nobody need wait long for them. */
const REPLY_MS = 700;
/** A trigger is looked at while it runs: a computer that is busy for most of a second must not pass for a lost answer. */
const TRIGGER_REPLY_MS = 2000;

detectorContract(
  "a SIMPLON detector on real HTTP",
  async ({ isAnotherDevice = false } = {}) => {
    const { time, http } = await realHttp("detector");
    return simplonContract(time, http, isAnotherDevice);
  },
  REAL,
);

detectorContract(
  "a detector behind a camserver on a real TCP link",
  async ({ isAnotherDevice = false } = {}) => {
    const { time, cable } = await realBytes("tcp", "detector");
    return camserverContract(time, cable, isAnotherDevice);
  },
  REAL,
);

triggerContract(
  "an SRS DG645 on a real serial link",
  async ({ isAnotherDevice = false } = {}) => {
    const { time, cable } = await realBytes("serial", "trigger");
    return dg645Contract(time, cable, isAnotherDevice, { replyMs: TRIGGER_REPLY_MS });
  },
  REAL,
);

triggerContract(
  "a PandABox on a real TCP link",
  async ({ isAnotherDevice = false } = {}) => {
    const { time, cable } = await realBytes("tcp", "trigger");
    return pandaboxContract(time, cable, isAnotherDevice, { replyMs: TRIGGER_REPLY_MS });
  },
  REAL,
);

sensorContract(
  "a Keithley 6485 on a real serial link",
  async ({ isAnotherDevice = false } = {}) => {
    const { time, cable } = await realBytes("serial", "diode");
    const quick = { intervalS: 0.4, maximumAgeS: 1.2, replyMs: REPLY_MS };
    return picoammeterContract(time, cable, isAnotherDevice, quick);
  },
  REAL,
);

sensorContract(
  "a Lake Shore 336 on a real TCP link",
  async ({ isAnotherDevice = false } = {}) => {
    const { time, cable } = await realBytes("tcp", "oven");
    return lakeshoreContract(time, cable, isAnotherDevice, { intervalS: 0.4, maximumAgeS: 1.2, replyMs: REPLY_MS });
  },
  REAL,
);
