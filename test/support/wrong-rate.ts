/**
 * What a serial port hears of bytes that were sent at another rate: eight data bits, no parity, one stop bit, sent one
 * after the other on a line that rests high.
 *
 * @param sentBaud of the sender
 * @param readBaud of the reader, who looks at the middle of what it takes for a bit
 */
export function heardAtRate(bytes: Uint8Array, sentBaud: number, readBaud: number): Uint8Array {
  const isHigh = (timeS: number): boolean => {
    const bit = Math.floor(timeS * sentBaud);
    const byte = bytes[Math.floor(bit / 10)];
    const place = bit % 10;
    if (bit < 0 || byte === undefined || place === 9) return true;
    return place > 0 && ((byte >> (place - 1)) & 1) === 1;
  };
  const heard: number[] = [];
  const endS = (bytes.length * 10) / sentBaud;
  const stepS = 1 / (16 * Math.max(sentBaud, readBaud));
  let timeS = 0;
  while (timeS < endS) {
    if (isHigh(timeS)) {
      timeS += stepS;
      continue;
    }
    let byte = 0;
    for (let bit = 0; bit < 8; bit += 1) if (isHigh(timeS + (bit + 1.5) / readBaud)) byte |= 1 << bit;
    heard.push(byte);
    timeS += 9.5 / readBaud;
    // A stop bit that is low is a break: nothing begins before the line rests again.
    while (timeS < endS && !isHigh(timeS)) timeS += stepS;
  }
  return Uint8Array.from(heard);
}
