/** What a SIMPLON detector may be misheard to say: bodies of answers, cut out of a stream at blank lines. */
import {
  decodeChangedNames,
  decodeSequenceId,
  decodeState,
  decodeValue,
} from "../../../protocols/wire/simplon/simplon-replies.ts";
import type { FuzzEntry } from "./fuzz-codec.ts";

const BODY_BYTES_MAX = 4096;

export const SIMPLON_FUZZ: readonly FuzzEntry[] = [
  {
    name: "simplon bodies",
    samples: [
      '{"value":"1.8.0","value_type":"string"}\n',
      '{"access_mode":"rw","allowed_values":["ints","exts"],"value":"ints","value_type":"string"}\n',
      '{"access_mode":"rw","max":3600,"min":0.0000029,"unit":"s","value":0.1,"value_type":"float"}\n',
      '["bit_depth_image","bit_depth_readout","count_time","frame_time"]\n',
      '{"sequence id": 7}\n',
      '{"value":["HV supply","link_1"],"value_type":"string[]"}\n',
      'error during request: path error: unknown path: "x"\n',
    ],
    open(onMessage) {
      let body = "";
      return {
        push(chunk) {
          for (const byte of chunk) {
            if (byte !== 0x0a) {
              if (body.length < BODY_BYTES_MAX) body += String.fromCharCode(byte);
              continue;
            }
            decodeValue(body);
            decodeState(body);
            decodeChangedNames(body);
            decodeSequenceId(body);
            body = "";
            onMessage();
          }
        },
        retainedByteCount: () => body.length,
      };
    },
    retainedByteMax: BODY_BYTES_MAX,
  },
];
