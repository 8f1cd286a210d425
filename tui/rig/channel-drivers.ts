/** Drivers of channels, by the family that the site names. */
import { createKeithleyChannel } from "../../drivers/keithley-smu/keithley-channel.ts";
import { createModbusCyclerChannel, cyclerLineOptions } from "../../drivers/modbus-cycler/modbus-cycler-channel.ts";
import { createNewareCabinet, type NewareCabinet } from "../../drivers/neware-bts/neware-cabinet.ts";
import { createMethodScriptChannel } from "../../drivers/palmsens-methodscript/methodscript-channel.ts";
import { createSilenceWatch } from "../../drivers/palmsens-methodscript/silence-watch.ts";
import type { Channel } from "../../protocols/roles/channel.ts";
import { cableOf } from "../../protocols/site/site-cables.ts";
import type { LinkAddress, SiteChannel, SiteNewareCabinet } from "../../protocols/site/site.ts";
import type { DriverDeps } from "./drivers.ts";
import type { ModbusLines } from "./modbus-lines.ts";

/** Channels behind one client share its connection. */
export function createChannelDrivers(deps: DriverDeps, lines: ModbusLines): (channel: SiteChannel) => Channel {
  const { clock } = deps;
  const silenceWatch = createSilenceWatch(clock);
  const cabinets = new Map<string, NewareCabinet>();

  function cabinetOf(cabinet: SiteNewareCabinet, link: LinkAddress): NewareCabinet {
    const { name, stepFileFolder, writeFolder, backupFolder } = cabinet;
    const known = cabinets.get(name);
    if (known !== undefined) return known;
    const made = createNewareCabinet({
      name,
      openLink: deps.openLinkOf(name, link),
      clock,
      stepFileFolder,
      writeFolder,
      ...(backupFolder === null ? {} : { backupFolder }),
      writeFile: deps.writeFile,
    });
    cabinets.set(name, made);
    return made;
  }

  return (channel) => {
    const { name, link } = channel;
    const cable = cableOf(channel);
    const expected = channel.serialNumber === null ? {} : { expectedSerialNumber: channel.serialNumber };
    switch (channel.driver) {
      case "palmsens-methodscript": {
        const openLink = deps.openLinkOf(cable, link);
        return createMethodScriptChannel({ name, openLink, clock, silenceWatch, ...expected });
      }
      case "keithley-smu":
        return createKeithleyChannel({ name, openLink: deps.openLinkOf(cable, link), clock, ...expected });
      case "neware-bts":
        return cabinetOf(channel.cabinet, link).channel(name, channel.address, {
          voltageRangeV: { min: channel.voltageMinV, max: channel.voltageMaxV },
          currentMaxA: channel.currentMaxA,
        });
      case "modbus-cycler": {
        const { map, unitId } = channel;
        const line = lines(cable, link, cyclerLineOptions(map));
        return createModbusCyclerChannel({ name, line, map, ...(unitId === null ? {} : { unitId }), ...expected });
      }
    }
  };
}
