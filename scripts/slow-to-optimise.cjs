// Loaded first by every Node process of `npm test` (scripts/test.mjs): most of them live for seconds, in which code that
// is optimised as early as V8 would by itself costs more than it saves; here a function has to be used ten times as much.
// Later than Node 20, V8 has no such option.
if (process.versions.node.startsWith("20.")) require("node:v8").setFlagsFromString("--interrupt-budget=700000");
