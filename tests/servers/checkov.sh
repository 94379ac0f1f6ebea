#!/usr/bin/env bash
# Puts checkov, which judges Kubernetes manifests and is a package of Python, where build.sh puts the
# servers. Kept once it is there. Needs Python 3.9 or newer with venv, and a package index.
set -euo pipefail

version=3.3.30
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=$("$here/build.sh" --where)
place=$(dirname "$bin")/checkov-$version

if [[ -x $place/bin/checkov ]]; then
  echo "checkov: cached"
else
  rm -rf "$place"
  if ! { python3 -m venv "$place" && "$place/bin/pip" install -q "checkov==$version"; } >&2; then
    rm -rf "$place"
    echo "checkov: failed"
    exit 1
  fi
  echo "checkov: installed"
fi
mkdir -p "$bin"
ln -sfn "$place/bin/checkov" "$bin/checkov"
