/** Help of what every client of the bus takes; apart, so that help loads nothing else. */

export const CLIENT_HELP: readonly string[] = [
  "  --broker URL         mqtt://host:port or mqtts://host:port (default $BEAMRACK_BROKER, or mqtt://127.0.0.1:1883)",
  "  --credentials FILE   JSON with user and password (or $BEAMRACK_USER and $BEAMRACK_PASSWORD)",
  "  --rack NAME          where a broker knows several racks",
];
