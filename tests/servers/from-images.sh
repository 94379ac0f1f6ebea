#!/usr/bin/env bash
# Takes the programs of services that are no Go modules out of their pinned images, by Docker, and puts
# them beside what build.sh made.
#
#   from-images.sh               tempo and qdrant, from the images of config/images.ts
#   from-images.sh NAME=IMAGE…   these, from other images
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=$("$here/build.sh" --where)

# Where an image has its program.
declare -A path=([tempo]=/tempo [qdrant]=/qdrant/qdrant)

if [[ $# -eq 0 ]]; then
  # shellcheck disable=SC2016
  mapfile -t wanted < <(cd "$here/../.." && node --import tsx -e '
    const { IMAGES } = require("./config/images");
    for (const name of ["tempo", "qdrant"]) console.log(`${name}=${IMAGES[name].repository}:${IMAGES[name].tag}`);
  ')
  set -- "${wanted[@]}"
fi

mkdir -p "$bin"
for one in "$@"; do
  name=${one%%=*} image=${one#*=}
  if [[ -z ${path[$name]:-} ]]; then
    echo "$name: no program of that name is known here: ${!path[*]}" >&2
    exit 2
  fi
  # Never started. An image of nothing but the program names no command, and must be given one.
  container=$(docker create "$image" "${path[$name]}")
  docker cp --quiet "$container:${path[$name]}" "$bin/.$name.$$"
  docker rm "$container" >/dev/null
  chmod +x "$bin/.$name.$$" && mv -f "$bin/.$name.$$" "$bin/$name"
  echo "$name: from $image"
done
