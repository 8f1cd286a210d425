import { sampleChangerContract } from "../../contract/sample-changer.ts";
import { createCatsBench } from "./bench.ts";

for (const model of ["CATS", "ISARA"] as const) {
  sampleChangerContract(`irelec-cats, ${model}`, ({ device }) =>
    createCatsBench({
      changer: { model },
      twin: { model },
      ...(device === "wrong" ? { alter: () => "error:2\r\n" } : {}),
    }),
  );
}
