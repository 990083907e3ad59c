// Plays a small story with Octokit and prints what it saw as JSON: node client.mjs BASE_URL TOKEN OWNER REPO
import { Octokit } from "@octokit/rest";

const [baseUrl, auth, owner, repo] = process.argv.slice(2);
const octokit = new Octokit({ baseUrl, auth });
const here = { owner, repo };

const me = await octokit.users.getAuthenticated();
const { data: main } = await octokit.git.getRef({ ...here, ref: "heads/main" });
await octokit.git.createRef({ ...here, ref: "refs/heads/octo", sha: main.object.sha });
await octokit.repos.createOrUpdateFileContents({
  ...here, path: "octo/file.txt", branch: "octo", message: "by Octokit", content: Buffer.from("hello\n").toString("base64"),
});
const { data: pull } = await octokit.pulls.create({ ...here, title: "Octokit", head: "octo", base: "main" });
for (let n = 0; n < 3; n++) await octokit.issues.createComment({ ...here, issue_number: pull.number, body: `comment ${n}` });
const comments = await octokit.paginate(octokit.issues.listComments, { ...here, issue_number: pull.number, per_page: 1 });
const { data: merged } = await octokit.pulls.merge({ ...here, pull_number: pull.number, merge_method: "squash" });
let refused = 0;
try {
  await octokit.pulls.merge({ ...here, pull_number: pull.number });
} catch (error) {
  refused = error.status;
}
console.log(JSON.stringify({ login: me.data.login, comments: comments.length, merged: merged.merged, refused }));
