#!/usr/bin/env bash
# The history that an earlier run of this workflow left as an artifact, with the lines that the cells of this run left as theirs. It is for
# one job of a workflow, which then leaves the history as its own artifact. GH_TOKEN must allow to read actions.
set -euo pipefail
history=$1
workflow=${GITHUB_WORKFLOW_REF%@*}
workflow=${workflow##*/}

# artifacts lists the artifacts of a run.
artifacts() {
  gh api --paginate "repos/$GITHUB_REPOSITORY/actions/runs/$1/artifacts" --jq '.artifacts[] | select(.expired | not) | .name'
}

# What comes is put together apart from the history, which is there whole or not at all.
fetched=$(mktemp -d)
trap 'rm -rf "$fetched"' EXIT

# The newest run that left a history, its newest attempt: one that was cancelled may not have come to it. An earlier attempt at this run
# goes before all others.
runs=$(gh run list --workflow "$workflow" --branch "$GITHUB_REF_NAME" --status completed --limit 20 --json databaseId --jq '.[].databaseId')
for run in $GITHUB_RUN_ID $runs; do
  names=$(artifacts "$run")
  newest=$(sed -n 's/^history-\([0-9][0-9]*\)$/\1/p' <<< "$names" | sort -n | tail -n 1)
  if test -n "$newest"; then
    gh run download "$run" --name "history-$newest" --dir "$fetched"
    break
  fi
done

# A run of which no cell came so far as to leave something adds nothing, and `history show` says that none ran.
mkdir "$fetched/cells"
names=$(artifacts "$GITHUB_RUN_ID")
if grep -q '^artifacts-' <<< "$names"; then
  gh run download "$GITHUB_RUN_ID" --pattern 'artifacts-*' --dir "$fetched/cells"
fi
mapfile -t files < <(find "$fetched/cells" -name history.jsonl | sort)
touch "$fetched/history.jsonl"
if test "${#files[@]}" -gt 0; then
  "$HISTORIAN" add "$fetched/history.jsonl" "${files[@]}"
fi
mv "$fetched/history.jsonl" "$history"
# What the cells left stays beside it, for the page of all of them.
rm -rf cells
mv "$fetched/cells" cells
