# Steps and parts: what is running, how long it took, what failed.

# Where everything is kept that is worth building once.
readonly CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/freshet"
# What belongs to this work tree alone there: they run side by side.
TREE=$(printf '%s' "$PWD" | sha256sum | cut -c1-8)
readonly TREE
# Its release builds: a clean clone at the same path finds their dependencies built.
readonly RELEASES=$CACHE/release/$TREE

step_names=()
step_seconds=()
step_results=()
current_part=

say() {
    printf '%s\n' "    $*"
}

# A part cannot run, or an install failed: why, and what would help.
cannot() {
    printf '%s\n' "    cannot run: $1" "    what helps: $2" >&2
    return 1
}

# run_part NAME: first its needs, then its steps.
run_part() {
    current_part=$1
    printf '\n=== %s %s\n' "$1" "$(date +%H:%M:%S)"
    "prepare_$1" || return 0
    $build_only || "part_$1"
}

# step NAME COMMAND...: runs it, keeps its time and result; a failed step does not stop the run.
step() {
    local name="$current_part: $1" started=$SECONDS result
    shift
    printf '\n--- %s\n' "$name"
    "$@" && result=ok || result=FAILED
    step_names+=("$name")
    step_seconds+=($((SECONDS - started)))
    step_results+=("$result")
    printf -- '--- %s: %s after %s s\n' "$name" "$result" $((SECONDS - started))
    [[ $result == ok ]]
}

# The last words of a run; its exit status is the run's.
times_table() {
    local index failed=0
    printf '\n%8s  %-8s  %s\n' seconds result step
    for index in "${!step_names[@]}"; do
        printf '%8s  %-8s  %s\n' "${step_seconds[index]}" "${step_results[index]}" "${step_names[index]}"
        [[ ${step_results[index]} == ok ]] || failed=$((failed + 1))
    done
    printf '%8s  in all\n' "$SECONDS"
    if ((failed)); then
        printf '\n%s of %s steps failed\n' "$failed" "${#step_names[@]}"
        return 1
    fi
    printf '\nall %s steps passed\n' "${#step_names[@]}"
}

# once FILE REASON COMMAND...: makes FILE by COMMAND when it is missing; a second run waits for the
# first one's work instead of repeating it.
once() {
    local file=$1 reason=$2
    shift 2
    [[ -e $file ]] && return 0
    mkdir -p "$CACHE/locks"
    (
        lock="$CACHE/locks/$(basename "$(dirname "$file")")-$(basename "$file")"
        exec 9>"$lock"
        if ! flock -n 9; then
            say "another run is busy with this ($reason): waiting for it"
            flock 9
        fi
        [[ -e $file ]] && exit 0
        say "$reason"
        # The lock must not outlive this run in what it starts.
        "$@" 9>&-
    )
}

# need_command COMMAND PACKAGE: takes it from Debian when it is missing.
need_command() {
    command -v "$1" >/dev/null || need_package "$@"
}

# need_package FILE PACKAGE: the same, for what is not in PATH.
need_package() {
    [[ ! -e $1 ]] || return 0
    if ((EUID != 0)) || ! command -v apt-get >/dev/null; then
        cannot "there is no $1" "install it (Debian: apt-get install $2), or run this as root on Debian"
        return 1
    fi
    say "installing $2 for $1"
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q "$2" ||
        { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q "$2"; } ||
        cannot "there is no $1, and installing $2 failed" "a network that reaches a Debian mirror"
}
