# The network of the node: nobody outside its namespace sees it.

readonly NODE_ADDRESS=10.100.0.1
readonly PODS=10.101.0.0/16
readonly SERVICES=10.102.0.0/16 API_SERVICE=10.102.0.1
# As in manifests/coredns.yaml.
readonly DNS_SERVICE=10.102.0.10
