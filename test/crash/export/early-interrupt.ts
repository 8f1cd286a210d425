/** The command line in a process of its own that gets a Ctrl-C as soon as anybody listens for the so-manieth time. */
const times = Number(process.argv.splice(2, 1)[0]);
let count = 0;
process.on("newListener", (name) => {
  if (name !== "SIGINT") return;
  count += 1;
  if (count === times)
    queueMicrotask(() => {
      process.kill(process.pid, "SIGINT");
    });
});
await import("../../../tui/main.ts");
