# Ends a server as soon as whoever started it is gone, and removes its folder.
# $1 who started it, $2 the folder, in which `pid` names the server
exec <&- >/dev/null 2>&1
while kill -0 "$1" 2>/dev/null && [ -e "$2/alive" ]; do sleep 1; done
[ -e "$2/pid" ] && kill -KILL "$(cat "$2/pid")"
rm -rf "$2"
