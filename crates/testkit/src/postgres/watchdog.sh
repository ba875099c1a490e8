# Stops a server once no process of users/ lives any more, and removes its folder.
# $1 the folder, $2 how many seconds nobody must have used it
exec <&- >/dev/null 2>&1
cd "$1" || exit
used() {
    for user in users/*; do
        [ -e "$user" ] || continue
        kill -0 "${user##*/}" 2>/dev/null && return 0
        rm -f "$user"
    done
    return 1
}
idle=0
while [ -e alive ] && [ "$idle" -lt "$2" ]; do
    sleep 1
    idle=$((idle + 1))
    if used; then idle=0; fi
    # Who comes now sees that it is too late, or is seen here.
    if [ "$idle" -ge "$2" ]; then
        mv alive dying
        if used; then mv dying alive; idle=0; fi
    fi
done
[ -e data/postmaster.pid ] && kill -QUIT "$(head -n 1 data/postmaster.pid)"
# Out of the way first, so that nothing is removed of a server that is made here meanwhile.
cd / && mv "$1" "$1.gone.$$" && rm -rf "$1.gone.$$"
