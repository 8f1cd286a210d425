/**
 * How long the packets are that an MQTT client begins, by their fixed headers alone (MQTT 3.1.1, section 2.2): the broker's
 * library collects a packet of up to 256 MB before anybody is asked whether it may come, its client's password included.
 */

export interface PacketSizes {
  /** The next bytes of a connection, cut anywhere. False once a packet is longer than `mostBytes`, or none at all. */
  take(chunk: Uint8Array, mostBytes: number): boolean;
}

const LENGTH_BYTES_MAX = 4;

export function createPacketSizes(): PacketSizes {
  /** Of the packet under way. */
  let leftBytes = 0;
  /** Bytes of its length that have come; null between packets. */
  let lengthCount: number | null = null;
  let lengthBytes = 0;
  return {
    take(chunk, mostBytes) {
      let at = 0;
      while (at < chunk.length) {
        if (leftBytes > 0) {
          const skipped = Math.min(leftBytes, chunk.length - at);
          leftBytes -= skipped;
          at += skipped;
          continue;
        }
        const byte = chunk[at] ?? 0;
        at += 1;
        if (lengthCount === null) {
          [lengthCount, lengthBytes] = [0, 0];
          continue;
        }
        lengthBytes += (byte & 0x7f) * 128 ** lengthCount;
        lengthCount += 1;
        const isWhole = byte < 0x80;
        if (lengthBytes > mostBytes || (!isWhole && lengthCount === LENGTH_BYTES_MAX)) return false;
        if (isWhole) [leftBytes, lengthCount] = [lengthBytes, null];
      }
      return true;
    },
  };
}
