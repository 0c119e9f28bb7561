# Pods of the Vault Agent Injector on the cluster of `cluster`, beside the real injector and its agent.

readonly INJECTOR_VERSION=1.6.2

prepare_drop-in() {
    step "a cluster of our own" need_own_node &&
        step "the Rust toolchain" need_rust &&
        step "Go" need_go &&
        step "tools" need_cluster_tools &&
        step "real servers" need_drop_in_servers &&
        step "the images" release_images &&
        step "the images of the tests" drop_in_images &&
        step "the tests" cargo test --locked --features e2e --test drop_in --no-run
}

part_drop-in() {
    local tests=(cargo test --locked --features e2e --test drop_in -- --test-threads=1) stays=false
    # Somebody started it by hand.
    ! cluster_alive || stays=true
    step "up" cluster_up && step "tests" cluster_shell "${tests[@]}"
    $stays || step "down" cluster_down
}

# The injector takes every pod of a cluster.
need_own_node() {
    ! borrowed || cannot "the Vault Agent Injector would take pods of everybody in a borrowed cluster" "unset KUBECONFIG"
}

need_drop_in_servers() {
    need_cluster_servers && server vault-k8s vault-k8s github.com/hashicorp/vault-k8s
}

# The injector starts `vault agent` in pods by a shell.
drop_in_images() {
    test_images &&
        test_image vault-k8s:$INJECTOR_VERSION target/servers/vault-k8s vault-k8s '{ "User": "65532:65532", "Entrypoint": ["/vault-k8s"] }' &&
        test_image vault-agent:$VAULT_VERSION target/servers/vault bin/vault '{ "Env": ["PATH=/bin"], "Cmd": ["/bin/sh"] }' shell
}
