#!/bin/sh
# Pre-job hook of the box's runner: nothing but the factory's own workflow of the default branch gets past it.
#
# Set up in the runner's .env (`factory init --runner DIR` does it):
#   ACTIONS_RUNNER_HOOK_JOB_STARTED=/path/to/job-started.sh
#   FACTORY_ALLOWED_WORKFLOWS=OWNER/REPO/.github/workflows/local-agent-worker.yml@refs/heads/main,…
# The runner calls it before the first step, before anything is checked out. It reads what GitHub set for the job and
# nothing of the repository. Exit 1 ends the job.
set -u

refuse() {
  echo "::error::factory: this job may not run on the box: $1"
  exit 1
}

allowed="${FACTORY_ALLOWED_WORKFLOWS:-}"
workflow="${GITHUB_WORKFLOW_REF:-}"
[ -n "$allowed" ] || refuse "FACTORY_ALLOWED_WORKFLOWS is not set in the runner's .env. Name the workflows that may."
[ -n "$workflow" ] || refuse "GitHub did not say which workflow it belongs to."

# Events whose workflow file is the default branch's. Pull requests and pushes bring their own file along.
case "${GITHUB_EVENT_NAME:-}" in
  issues | issue_comment | repository_dispatch | workflow_dispatch | schedule) ;;
  *) refuse "the event ${GITHUB_EVENT_NAME:-(none)} may run a branch's own workflow file." ;;
esac

# Exact comparison with each entry; a comma separates them. `*` is not expanded and matches nothing.
set -f
IFS=','
for entry in $allowed; do
  if [ "$workflow" = "$entry" ]; then
    [ "${GITHUB_REF:-}" = "${entry##*@}" ] || refuse "it runs on ${GITHUB_REF:-no ref}, not on ${entry##*@}."
    exit 0
  fi
done
refuse "$workflow is not in FACTORY_ALLOWED_WORKFLOWS."
