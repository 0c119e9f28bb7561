# The programs of the node: each with its log and its process id.

say() {
    printf '    %s\n' "$*"
}

# start [again] NAME ARGUMENT...: a program of the node; of the built ones in PROGRAMS, or the
# machine's. With `again` it is started anew when it is killed, as systemd does.
start() {
    local name program keeper=()
    if [[ $1 == again ]]; then
        # shellcheck disable=SC2016
        keeper=(sh -c 'while "$@"; [ $? -gt 128 ]; do :; done' sh)
        shift
    fi
    name=$1 program=$PROGRAMS/$1
    shift
    [[ -x $program ]] || program=$name
    start_as "$name" "${keeper[@]}" "$program" "$@"
}

# start_as NAME COMMAND...: called NAME from now on.
start_as() {
    local name=$1
    shift
    setsid "$@" >"/var/log/$name.log" 2>&1 </dev/null &
    echo $! >"$STATE/pids/$name"
}

# runs NAME: whether it was started and still runs.
runs() {
    [[ -e $STATE/pids/$1 ]] && kill -0 "$(<"$STATE/pids/$1")" 2>/dev/null
}

# wait_for NAME WHAT COMMAND...: until COMMAND succeeds, a minute at most, while NAME runs.
wait_for() {
    local name=$1 what=$2 started=$SECONDS why= said
    shift 2
    say "waiting for $what"
    until said=$("$@" 2>&1); do
        if ! runs "$name"; then
            why="$name has ended"
        elif ((SECONDS - started > 60)); then
            why="a minute passed"
        fi
        if [[ $why ]]; then
            printf '    waiting for %s: %s: %s\n    the end of %s.log:\n' "$what" "$why" "$said" "$name" >&2
            tail -n 30 "/var/log/$name.log" >&2
            return 1
        fi
        sleep 0.2
    done
}
