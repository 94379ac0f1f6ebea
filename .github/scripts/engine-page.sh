#!/usr/bin/env bash
# engine-page.sh STACK TEXT PAGE: the engine's preview of a stack as a page of Markdown.
set -euo pipefail
stack=$1 text=$2 page=$3

{
  printf '# What the engine would do to the stack %s\n\n' "$stack"
  if [[ -s $text ]]; then
    printf '<details><summary>%s</summary>\n\n' "$(grep -cE '^ *[-+~]' "$text" || true) lines of changes"
    # Longer than any fence in the text.
    printf '``````text\n'
    head -c 50000 "$text"
    printf '\n``````\n\n</details>\n'
  else
    printf 'The preview said nothing; the job has its errors.\n'
  fi
} >"$page"
