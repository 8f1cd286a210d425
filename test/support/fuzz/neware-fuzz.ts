/** What a BTS client may be misheard to say. */
import { createBtsSplitter } from "../../../protocols/wire/neware/bts-frame.ts";
import {
  decodeAcknowledgements,
  decodeBtsReply,
  decodeConnected,
  decodeDeviceList,
  decodeLatestTests,
  decodeLive,
  decodeLog,
  decodeRows,
  decodeStatuses,
  decodeStepLayers,
} from "../../../protocols/wire/neware/bts-replies.ts";
import type { FuzzEntry } from "./fuzz-codec.ts";

const ASKED = [{ ip: "127.0.0.1", deviceType: 27, deviceId: 21, subdeviceId: 1, channelId: 1 }];

const ADDRESS = 'ip="127.0.0.1" devtype="27" devid="21" subdevid="1" chlid="1"';

function reply(word: string, body: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\r\n<bts version="1.0">\r\n  <cmd>${word}</cmd>\r\n  ${body}\r\n</bts>\n\n#\r\n`;
}

export const NEWARE_FUZZ: readonly FuzzEntry[] = [
  {
    name: "neware replies",
    samples: [
      reply("connect_resp", "<result>ok</result>"),
      reply(
        "getdevinfo_resp",
        '<middle count="1"><channel ip="127.0.0.1" devtype="27" devid="21" subdevid="1" Channelid="1">true</channel></middle>',
      ),
      reply("getchlstatus_resp", `<list count="1"><status ${ADDRESS} reservepause="1">finish</status></list>`),
      reply("start_resp", `<list count="1"><start ${ADDRESS}>ok</start></list>`),
      reply(
        "inquire_resp",
        '<list count="1"><inquire dev="27-21-1-2-0" cycle_id="44" step_id="4" step_type="dc" workstatus="working" current="-0.0003" voltage="4.6947" relativetime="12319" log_code="102000" /></list>',
      ),
      reply("inquiredf_resp", `<list count="1"><chl ${ADDRESS} testid="143" count="219585">true</chl></list>`),
      reply(
        "donwload_resp",
        `<download ${ADDRESS} testid="143"/><list count="1"><data seqid="219576" stepid="24" cycleid="29" steptype="dc" testtime="36070000" atime="2025-12-28 22:29:05" volt="3.67806" curr="-2.950514e-4" cap="0.0029" eng="0.0135" /></list>`,
      ),
      reply(
        "downloadStepLayer_resp",
        '<list count="1"><data startseqid="4322" endseqid="7518" stepid="2" cycleid="1" steptype="cc" steptime="31799100" endvolt="4.9" endcurr="0.000295" cap="0.0026" /></list>',
      ),
      reply(
        "donwloadlog_resp",
        '<list count="1"><data seqid="1" log_code="100000" atime="2025-12-03 &amp; 16:44" /></list>',
      ),
    ],
    open(onMessage) {
      return createBtsSplitter((text) => {
        onMessage();
        const read = decodeBtsReply(text);
        if (!read.ok) return;
        decodeConnected(read.value);
        decodeDeviceList(read.value);
        decodeStatuses(read.value, ASKED);
        decodeAcknowledgements(read.value, ASKED);
        decodeLive(read.value, ASKED);
        decodeLatestTests(read.value, ASKED);
        decodeStepLayers(read.value);
        decodeLog(read.value);
        const rows = decodeRows(read.value);
        if (rows.ok && rows.value.rows.some(({ voltageV, currentA }) => !Number.isFinite(voltageV + currentA)))
          throw new RangeError("a row that is no number");
      });
    },
  },
];
