#!/usr/bin/env bash
# The history that an earlier run of this workflow left as an artifact, with the lines that the cells of this run left as theirs. It is for
# one job of a workflow, which then leaves the history as its own artifact. GH_TOKEN must allow to read actions.
set -euo pipefail
history=$1
workflow=${GITHUB_WORKFLOW_REF%@*}
workflow=${workflow##*/}

# The newest run that left one: a run that was cancelled may not have come to it.
before=$(gh run list --workflow "$workflow" --branch "$GITHUB_REF_NAME" --status completed --limit 20 --json databaseId --jq '.[].databaseId')
for run in $before; do
  if gh run download "$run" --name history --dir "$(dirname "$history")"; then
    break
  fi
done

cells=$(mktemp -d)
trap 'rm -rf "$cells"' EXIT
gh run download "$GITHUB_RUN_ID" --pattern 'artifacts-*' --dir "$cells"
mapfile -t files < <(find "$cells" -name history.jsonl | sort)
"$HISTORIAN" add "$history" "${files[@]}"
