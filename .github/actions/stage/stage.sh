#!/usr/bin/env bash
# `factory stage` with what STAGE_* say: an option whose value is empty is left out. No value meets a shell again.
set -euo pipefail
arguments=("$STAGE_NAME" --run "$STAGE_RUN" --repo "$GITHUB_WORKSPACE")
option() {
  [ -z "$2" ] || arguments+=("$1" "$2")
}
option --unit "$STAGE_UNIT"
option --digest "$STAGE_DIGEST"
option --issue "$STAGE_ISSUE"
option --ticket "$STAGE_TICKET"
option --changes "$STAGE_CHANGES"
# The owner's settings: the file of the default branch, which is what the job checked out.
if [ -f "$GITHUB_WORKSPACE/factory.toml" ] && [ ! -L "$GITHUB_WORKSPACE/factory.toml" ]; then
  option --config "$GITHUB_WORKSPACE/factory.toml"
fi
exec factory stage "${arguments[@]}"
