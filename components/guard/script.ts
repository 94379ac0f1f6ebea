/**
 * The guard's program, for any POSIX shell with `df`. A port that nobody listens on is what every
 * client understands, so it opens the store by running the proxy and closes it by ending it. What
 * it cannot read counts as full: the collector's queue keeps what it does not let through.
 *
 * Arguments: the store's name, its directory, the share (percent) at which it is closed, the share
 * below which it is opened again, seconds between two looks, and the command of the proxy.
 */
export const GUARD_SCRIPT = `name=$1 directory=$2 stop=$3 resume=$4 pause=$5
shift 5
proxy='' state='' waiting=''

shut() {
  [ -z "$proxy" ] && return
  kill "$proxy" 2>/dev/null
  wait "$proxy" 2>/dev/null
  proxy=''
}

end() {
  shut
  [ -n "$waiting" ] && kill "$waiting" 2>/dev/null
  exit 0
}
trap end TERM INT

tell() {
  [ "$state" = "$1" ] || echo "guard of $name: $1: $2" >&2
  state=$1
}

while :; do
  used=$(timeout 5 df -P "$directory" 2>/dev/null | {
    read -r _
    read -r _ _ _ _ share _
    echo "\${share%\\%}"
  })
  case $used in
    '' | *[!0-9]*)
      shut
      tell closed "how full $directory is cannot be read"
      ;;
    *)
      if [ "$used" -ge "$stop" ]; then
        shut
        tell closed "$used % of the volume under $directory is used, and $stop % is the limit"
      elif [ "$used" -lt "$resume" ] || [ "$state" != closed ]; then
        tell open "$used % of the volume under $directory is used"
        if [ -z "$proxy" ] || ! kill -0 "$proxy" 2>/dev/null; then
          "$@" &
          proxy=$!
        fi
      fi
      ;;
  esac
  sleep "$pause" &
  waiting=$!
  wait "$waiting"
done
`;
