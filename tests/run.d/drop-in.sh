# Pods of the Vault Agent Injector on the cluster of `cluster`, beside the real injector and its agent.

readonly INJECTOR_VERSION=1.6.2

prepare_drop-in() {
    step "a cluster of our own" own_node "the Vault Agent Injector would take pods of everybody in a borrowed cluster" &&
        prepare_on_node drop_in need_cluster_tools need_drop_in_servers drop_in_images
}

part_drop-in() {
    test_on_node drop_in 1
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
