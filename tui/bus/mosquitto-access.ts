/** The access list of a Mosquitto broker (`acl_file`), from the same rules as the embedded one's. Pure text. */
import { EACH_TOPICS, SINGLE_TOPICS, STREAM_TOPICS, groupTopicName } from "../../protocols/bus/topics.ts";
import { mayPublish, mayRead, type BusUser } from "../../protocols/bus/users.ts";

export interface MosquittoInputs {
  readonly rack: string;
  /** Who the controller is at that broker. */
  readonly controller: string;
  readonly users: readonly BusUser[];
  /** Owner of the cell at each position. */
  readonly groups: ReadonlyMap<string, string>;
}

const OF_CELLS = ["cell", "dose", "trace"] as const;

export function mosquittoAccess({ rack, controller, users, groups }: MosquittoInputs): readonly string[] {
  const root = `beamrack/${rack}`;
  const lines = [
    `# Who may read and say what of the rack ${rack}. Made by: beamrack users FILE mosquitto`,
    "",
    `user ${controller}`,
    `topic readwrite ${root}/#`,
  ];
  for (const user of users) {
    const reads = (topic: string): boolean => mayRead(user, topic, (position) => groups.get(position));
    lines.push("", `# ${user.role}`, `user ${user.name}`);
    for (const name of [...SINGLE_TOPICS, ...STREAM_TOPICS]) {
      if (reads(`${root}/${name}`)) lines.push(`topic read ${root}/${name}`);
    }
    for (const name of EACH_TOPICS) {
      if (name === "group-alarm") {
        const own = user.role === "group-user" ? user.groups.map(groupTopicName) : [];
        lines.push(...own.map((group) => `topic read ${root}/${name}/${group}`));
      } else if (user.role !== "group-user") lines.push(`topic read ${root}/${name}/+`);
      else if (OF_CELLS.some((one) => one === name)) {
        const own = [...groups.keys()].filter((position) => reads(`${root}/${name}/${position}`));
        lines.push(...own.map((position) => `topic read ${root}/${name}/${position}`));
      }
    }
    if (mayPublish(user, `${root}/notice`)) lines.push(`topic write ${root}/notice`);
    if (mayPublish(user, `${root}/command/${user.name}`)) lines.push(`topic write ${root}/command/${user.name}`);
    lines.push(`topic read ${root}/reply/${user.name}/+`);
  }
  return lines;
}
