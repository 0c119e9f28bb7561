# Credentials that Vault makes on demand, on the cluster of `cluster`, against a real PostgreSQL.

prepare_beyond-files() {
    step "a cluster of our own" own_node "PostgreSQL runs in the network of a node that this run starts itself" &&
        prepare_on_node beyond_files need_beyond_files_tools need_cluster_servers beyond_files_images
}

part_beyond-files() {
    test_on_node beyond_files 4 "PostgreSQL" cluster_shell tests/beyond_files/postgres/start
}

# At the runlevel of a single user Debian's package makes a database, but does not start it.
need_beyond_files_tools() {
    need_cluster_tools && RUNLEVEL=1 need_package /usr/share/doc/postgresql postgresql
}

beyond_files_images() {
    local client=target/cluster/database-client
    test_images && build_release "$client" database-client --release --package database-client &&
        test_image database-client:1 "$client" database-client '{ "User": "65532:65532", "Entrypoint": ["/database-client"] }'
}
