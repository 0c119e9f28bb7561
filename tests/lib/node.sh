# A part whose tests need a cluster: a node of our own, or for some of them the cluster of KUBECONFIG.

# own_node WHY: a part that cannot do with a cluster of somebody else's.
own_node() {
    ! borrowed || cannot "$1" "unset KUBECONFIG"
}

# prepare_on_node TEST TOOLS SERVERS IMAGES: what the tests in tests/TEST need, the last three by the
# functions of these names.
prepare_on_node() {
    local test=$1 tools=$2 servers=$3 images=$4
    step "the Rust toolchain" need_rust &&
        step "Go" need_go &&
        step "tools" "$tools" &&
        step "real servers" "$servers" &&
        step "the images" release_images &&
        step "the images of the tests" "$images" &&
        step "the tests" cargo test --locked --features e2e --test "$test" --no-run
}

# test_on_node TEST THREADS [STEP COMMAND...]: starts the node, and by COMMAND what the tests need beside
# it, runs the tests in tests/TEST, and ends it. They wait more than they work, so that THREADS may be
# more than there are cores.
test_on_node() {
    local test=$1 threads=$2 cluster=cluster stays=false
    if borrowed; then
        cluster=borrowed
    elif cluster_alive; then
        # Somebody started it by hand.
        stays=true
    fi
    step "up" "${cluster}_up" && { (($# == 2)) || step "${@:3}"; } &&
        step "tests" "${cluster}_shell" cargo test --locked --features e2e --test "$test" -- --test-threads="$threads"
    $stays || step "down" "${cluster}_down"
}
