#!/usr/bin/env bash
# Builds the servers that the tests run for real, from the Go modules pinned in
# the directories beside this file.
#
#   build.sh [name…]   build these (default: all); what is already built is kept
#   build.sh --list    the names
#   build.sh --where   the directory that the binaries are linked into
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=${TRACEKEEP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tracekeep}/servers

# Those of earlier versions last: where time runs out, they are what is missed least.
names() {
  local targets all
  all=$(for targets in "$here"/*/targets; do basename "$(dirname "$targets")"; done)
  grep -v -- '-before$' <<<"$all"
  grep -- '-before$' <<<"$all"
}

# Settings that a caller's environment must not change: a committed go.sum is
# enough, so nothing is looked up or resolved, and the toolchain is the one at
# hand. GOFLAGS keeps only what the caller says about parallelism.
export CGO_ENABLED=0 GOWORK=off GOTOOLCHAIN=local GONOSUMDB='*'
parallel=$(grep -o -- '-p=[0-9]*' <<<"${GOFLAGS:-}" | tail -n 1 || true)
export GOFLAGS="-mod=readonly -trimpath -buildvcs=false ${parallel}"

# The key is over names and contents, so that an added source file counts too.
# shellcheck disable=SC2312
key() {
  (
    cd "$here/$1" && LC_ALL=C find . -type f | LC_ALL=C sort | while read -r file; do
      printf '%s\n' "$file" && cat "$file"
    done
    go env GOOS GOARCH
  ) | sha256sum | cut -c1-12
}

link() {
  local binary
  mkdir -p "$root/bin"
  for binary in "$1"/bin/*; do
    # A link made beside and moved over never leaves a moment without one.
    ln -s "$binary" "$root/bin/.$$.${binary##*/}" && mv -Tf "$root/bin/.$$.${binary##*/}" "$root/bin/${binary##*/}"
  done
}

# Some modules are published without files that they embed. A server with an
# overlay is built from a copy of that module with those files added; the copy
# is made from what go.sum has verified.
overlay() {
  local module dir
  [[ -f overlay.module ]] || return 0
  module=$(<overlay.module)
  go mod download "$module" || return 1
  dir=$(go list -m -f '{{.Dir}}' "$module") || return 1
  cp -R "$dir" ../module && chmod -R u+w ../module && cp -R overlay/. ../module/ &&
    go mod edit -replace "$module=../module"
}

build() {
  local name=$1 out work binary package flags failed=""
  if [[ ! -f $here/$name/targets ]]; then
    echo "$name: failed (no such server)"
    return 1
  fi
  out=$root/$name-$(key "$name")
  if [[ -d $out/bin ]]; then
    link "$out"
    echo "$name: cached"
    return 0
  fi
  mkdir -p "$root"
  work=$(mktemp -d "$root/.$name.XXXXXX") || return 1
  cp -R "$here/$name" "$work/src" && mkdir "$work/bin"
  (cd "$work/src" && overlay) >>"$work/log" 2>&1 || failed+=" overlay"
  while read -r binary package flags; do
    [[ -z $binary || $binary == \#* ]] && continue
    (cd "$work/src" && go build -ldflags "-s -w $flags" -o "$work/bin/$binary" "$package") >>"$work/log" 2>&1 </dev/null || failed+=" $binary"
  done <"$here/$name/targets"
  if [[ -n $failed ]]; then
    echo "$name: failed (${failed# })"
    tail -n 20 "$work/log" | sed 's/^/  /' >&2
    rm -rf "$work"
    return 1
  fi
  rm -rf "$work/src" "$work/module" "$work/log"
  # Two builds at once may end up here; the second finds the name taken.
  mv -T "$work" "$out" 2>/dev/null || rm -rf "$work"
  link "$out"
  echo "$name: built"
}

case ${1:-} in
  --list) names; exit 0 ;;
  --where) echo "$root/bin"; exit 0 ;;
  -*) sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
esac

if [[ $# -eq 0 ]]; then
  mapfile -t wanted < <(names)
  set -- "${wanted[@]}"
fi

status=0
for name in "$@"; do build "$name" || status=1; done
exit "$status"
