#!/usr/bin/env bash
# drift-issue.sh STACK TEXT: says in one issue per stack what changed behind the stack's back; opens
# it, or edits the open one. Needs gh with GH_TOKEN and GH_REPO.
set -euo pipefail
stack=$1 text=$2

title="Drift of the stack $stack"
body=$(
  # shellcheck disable=SC2016
  printf '`npm run drift -- --stack %s` found this:\n\n``````text\n' "$stack"
  head -c 50000 "$text"
  printf '\n``````\n'
)
id=$(gh issue list --state open --search "in:title \"$title\"" --json number,title \
  --jq ".[] | select(.title == \"$title\") | .number" | head -n 1)
if [[ -n $id ]]; then
  gh issue edit "$id" --body "$body"
else
  gh issue create --title "$title" --body "$body"
fi
