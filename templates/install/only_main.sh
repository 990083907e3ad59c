#!/bin/sh
# What a self-hosted runner asks before each job (ACTIONS_RUNNER_HOOK_JOB_STARTED, docs/github.md): only workflows as
# they stand on main of this repository run here. Who can push a branch could else bring a workflow of their own.
# Copy it out of the checkout, to where only the runner's owner can write. It calls no program and reads no setting.
REPOSITORY=lmtoy/lmtoy_run
MAIN=main
case "$GITHUB_WORKFLOW_REF" in
"$REPOSITORY"/.github/workflows/*@refs/heads/"$MAIN") exit 0 ;;
esac
echo "::error::this runner runs workflows of $REPOSITORY's $MAIN only, not ${GITHUB_WORKFLOW_REF:-an unnamed one}"
exit 1
