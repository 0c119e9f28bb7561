# A one-node cluster of this work tree's own, in namespaces that end with their first process.

# One cluster for each work tree.
readonly CLUSTERS=$CACHE/cluster
readonly CLUSTER=$CLUSTERS/$TREE CLUSTER_FILES=target/cluster
# Whether it stays when this command ends.
cluster_outlives=false

# Starts the node unless it runs, loads the images, and sets up what tests expect.
cluster_up() {
    local started=$SECONDS
    if cluster_alive && [[ -e $CLUSTER/started ]]; then
        say "it runs already: taking it as it is"
    else
        # One whose start was killed.
        cluster_down
        $cluster_outlives || trap cluster_down EXIT
        one_at_a_time cluster_sweep && one_at_a_time cluster_claim && cluster_start || { cluster_down; return 1; }
    fi
    cluster_load && cluster_shell tests/cluster/node/furnish "$TEST_IMAGES" coredns vault || return
    say "ready after $((SECONDS - started)) s"
}

# The namespaces, and the lock that says that somebody is in them.
cluster_claim() {
    local deadline=$((SECONDS + 10))
    # It ends with the run, however that ends; started by hand it outlives the command.
    local lifetime=(setpriv --pdeathsig KILL --)
    ! $cluster_outlives || lifetime=(setsid --)
    rm -rf "$CLUSTER" "$CLUSTER_FILES/log"
    mkdir -p "$CLUSTER" "$CLUSTER_FILES/log" /var/lib/cni
    exec 9>"$CLUSTER/lock"
    flock -n 9 || return
    "${lifetime[@]}" unshare --mount --net --pid --ipc --uts --propagation slave --fork --kill-child --mount-proc \
        tests/cluster/node/keep "$CLUSTER" "$PWD/$CLUSTER_FILES/log" \
        </dev/null >"$CLUSTER_FILES/log/keep.log" 2>&1 7>&- 8>&- &
    echo $! >"$CLUSTER/pid"
    disown
    exec 9>&-
    until [[ -e $CLUSTER/kept ]]; do
        if ((SECONDS > deadline)) || ! cluster_alive; then
            say "the namespaces of the node cannot be made:" >&2
            cat "$CLUSTER_FILES/log/keep.log" >&2
            return 1
        fi
        sleep 0.1
    done
}

cluster_start() {
    cluster_inside tests/cluster/node/start "$PWD/target/servers" "$TEST_IMAGES" "freshet-$TREE" &&
        touch "$CLUSTER/started"
}

# The first process of its namespaces holds the lock until it ends, and with it everything else.
cluster_alive() {
    [[ -e $CLUSTER/lock ]] && ! flock -n "$CLUSTER/lock" true
}

# cluster_inside COMMAND...: in the namespaces of the node.
cluster_inside() {
    local space
    space=/proc/$(<"$CLUSTER/pid")/ns
    nsenter --mount="$space/mnt" --net="$space/net" --pid="$space/pid_for_children" --ipc="$space/ipc" --uts="$space/uts" \
        env -C "$PWD" "$@"
}

# cluster_shell [COMMAND...]: with what a person or a test needs.
cluster_shell() {
    (($#)) || set -- "${SHELL:-bash}"
    cluster_inside env PATH="$PWD/target/servers:$PATH" KUBECONFIG="$CLUSTER/pki/admin.kubeconfig" \
        KUBECACHEDIR=/run/cluster/kubectl-cache HELM_CACHE_HOME=/run/cluster/helm HELM_CONFIG_HOME=/run/cluster/helm \
        HELM_DATA_HOME=/run/cluster/helm CARGO_NET_OFFLINE=true \
        VAULT_ADDR=http://vault.vault:8200 VAULT_TOKEN=root "$@"
}

# The images of Freshet and of the tests, by the names that the tests use.
cluster_load() {
    local archive known
    known=$(cluster_inside ctr --namespace k8s.io images ls) || return
    for archive in $(cluster_archives); do
        [[ $known != *"$(image_digest "$archive")"* ]] || continue
        say "loading $archive"
        cluster_inside ctr --namespace k8s.io images import "$archive" >"$CLUSTER_FILES/log/import.log" 2>&1 ||
            { cat "$CLUSTER_FILES/log/import.log" >&2; return 1; }
    done
}

cluster_archives() {
    ls "$IMAGES"/*.tar "$CLUSTER_FILES"/images/*.tar
}

cluster_down() {
    if cluster_alive; then
        say "ending the cluster"
        kill -KILL "$(<"$CLUSTER/pid")"
    fi
    [[ ! -e $CLUSTER ]] || one_at_a_time cluster_remove "$CLUSTER"
}

# one_at_a_time COMMAND...: clusters that come and go at the same time would take each other for dead.
one_at_a_time() {
    local result
    mkdir -p "$CACHE/locks"
    exec 7>"$CACHE/locks/cluster"
    flock 7
    "$@"
    result=$?
    exec 7>&-
    return "$result"
}

# What the clusters of runs that were killed have left behind.
cluster_sweep() {
    local left
    for left in "$CLUSTERS"/*/; do
        if [[ -e $left/lock ]] && flock -n "$left/lock" true; then
            say "removing what a dead run left: $left"
            cluster_remove "${left%/}"
        fi
    done
}

# cluster_remove FOLDER: its processes are gone or going; their mounts and their network with them.
cluster_remove() {
    local folder=$1 deadline=$((SECONDS + 20)) cgroups
    cgroups=(/sys/fs/cgroup/"freshet-${folder##*/}" /sys/fs/cgroup/*/"freshet-${folder##*/}")
    until rm -rf --one-file-system "$folder" 2>/dev/null &&
        ! find "${cgroups[@]}" -depth -type d -exec rmdir {} + 2>&1 | grep -v 'No such file' | grep -q .; do
        if ((SECONDS > deadline)); then
            say "this is still there after 20 s: $(ls -d "$folder" "${cgroups[@]}" 2>/dev/null | tr '\n' ' ')" >&2
            return 1
        fi
        sleep 0.2
    done
    # Removing it would end the mount of a cluster that lives.
    [[ -n $(ls "$CLUSTERS") ]] || rmdir --ignore-fail-on-non-empty /var/lib/cni 2>/dev/null || :
}
