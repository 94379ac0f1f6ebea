#!/usr/bin/env bash
# comment.sh DIRECTORY HEAD: posts each page (DIRECTORY/*/*.md) into the pull request whose newest
# commit is HEAD; a page that was posted before is edited in place. Needs gh with GH_TOKEN and GH_REPO.
#
# The pages and the number come from a run of the pull request's own code: the number is used only
# where the pull request of that number is at HEAD, and the pages are text and nothing else.
set -euo pipefail
directory=$1 head=$2

# A comment of GitHub holds this many characters.
readonly most=65536

number=$(cat "$directory"/*/number | sort -u)
if [[ ! $number =~ ^[0-9]{1,9}$ ]]; then
  echo "no number of a pull request came with the pages" >&2
  exit 1
fi
if [[ $(gh api "repos/$GH_REPO/pulls/$number" --jq .head.sha) != "$head" ]]; then
  echo "pull request $number is not at $head any more: nothing was posted"
  exit 0
fi

for page in "$directory"/*/*.md; do
  marker="<!-- tracekeep: $(basename "$page" .md) -->"
  body=$(printf '%s\n%s\n' "$marker" "$(head -c $((most - 200)) "$page")")
  id=$(gh api --paginate "repos/$GH_REPO/issues/$number/comments" \
    --jq ".[] | select(.user.type == \"Bot\" and (.body | startswith(\"$marker\"))) | .id" | head -n 1)
  if [[ -n $id ]]; then
    gh api --silent -X PATCH "repos/$GH_REPO/issues/comments/$id" -f body="$body"
    echo "edited: ${page##*/}"
  else
    gh api --silent -X POST "repos/$GH_REPO/issues/$number/comments" -f body="$body"
    echo "posted: ${page##*/}"
  fi
done
