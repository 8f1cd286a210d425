/** What names a broker: `mqtt://host:port`, or `mqtts://` for TLS; the port may be left out. */

const FORM = /^mqtts?:\/\/(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/;
const PORT_MAX = 65_535;

/** False also for one with a user, a password or a path in it, and for a port that cannot be. */
export function isBrokerUrl(text: string): boolean {
  const match = FORM.exec(text);
  if (match === null) return false;
  const port = match[1] === undefined ? 1 : Number(match[1]);
  return port >= 1 && port <= PORT_MAX;
}
