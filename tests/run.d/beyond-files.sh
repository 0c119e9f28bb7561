# Credentials that Vault makes on demand, on the cluster of `cluster`, against a real PostgreSQL.

prepare_beyond-files() {
    step "a cluster of our own" need_postgres_node &&
        step "the Rust toolchain" need_rust &&
        step "Go" need_go &&
        step "tools" need_cluster_tools &&
        step "PostgreSQL" need_postgres &&
        step "real servers" need_cluster_servers &&
        step "the images" release_images &&
        step "the images of the tests" beyond_files_images &&
        step "the tests" cargo test --locked --features e2e --test beyond_files --no-run
}

part_beyond-files() {
    local tests=(cargo test --locked --features e2e --test beyond_files -- --test-threads=4) stays=false
    # Somebody started it by hand.
    ! cluster_alive || stays=true
    step "up" cluster_up && step "PostgreSQL" cluster_shell tests/beyond_files/postgres/start &&
        step "tests" cluster_shell "${tests[@]}"
    $stays || step "down" cluster_down
}

# PostgreSQL is a program beside the node's own.
need_postgres_node() {
    ! borrowed || cannot "PostgreSQL runs in the network of a node that this run starts itself" "unset KUBECONFIG"
}

# At the runlevel of a single user Debian's package makes a database, but does not start it.
need_postgres() {
    RUNLEVEL=1 need_package /usr/share/doc/postgresql postgresql
}

beyond_files_images() {
    local client=target/cluster/database-client
    test_images && build_release "$client" database-client --release --package database-client &&
        test_image database-client:1 "$client" database-client '{ "User": "65532:65532", "Entrypoint": ["/database-client"] }'
}
