# Certificates and kubeconfigs of the node, made anew for each cluster.

# make_pki FOLDER: a CA, and what each component shows to the others.
make_pki() {
    local pki=$1 openssl_log=$1/openssl.log
    mkdir -p "$pki"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj "/CN=test cluster" \
        -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,digitalSignature" \
        -keyout "$pki/ca.key" -out "$pki/ca.crt" 2>"$openssl_log" &&
        issue "$pki" apiserver "/CN=kube-apiserver" "DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local,DNS:localhost,IP:127.0.0.1,IP:$NODE_ADDRESS,IP:$API_SERVICE" &&
        issue "$pki" kubelet "/O=system:nodes/CN=system:node:$NODE_NAME" "DNS:$NODE_NAME,IP:$NODE_ADDRESS" &&
        issue "$pki" admin "/O=system:masters/CN=admin" &&
        issue "$pki" controller-manager "/CN=system:kube-controller-manager" &&
        issue "$pki" scheduler "/CN=system:kube-scheduler" &&
        issue "$pki" proxy "/CN=system:kube-proxy" &&
        openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 -out "$pki/accounts.key" 2>>"$openssl_log" &&
        openssl pkey -in "$pki/accounts.key" -pubout -out "$pki/accounts.pub" ||
        { cat "$openssl_log" >&2; return 1; }
    local name
    for name in kubelet admin controller-manager scheduler proxy; do
        kubeconfig "$pki" "$name" >"$pki/$name.kubeconfig"
    done
}

# issue PKI NAME SUBJECT [NAMES]: a key and a certificate for clients, with NAMES for servers too.
issue() {
    local pki=$1 name=$2 subject=$3 names=${4-}
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "$subject" \
        -keyout "$pki/$name.key" -out "$pki/$name.csr" 2>>"$pki/openssl.log" &&
        openssl x509 -req -in "$pki/$name.csr" -CA "$pki/ca.crt" -CAkey "$pki/ca.key" -CAcreateserial -days 30 \
            -extfile <(
                echo "basicConstraints=critical,CA:FALSE"
                echo "keyUsage=critical,digitalSignature"
                echo "extendedKeyUsage=clientAuth${names:+,serverAuth}"
                [[ -z $names ]] || echo "subjectAltName=$names"
            ) -out "$pki/$name.crt" 2>>"$pki/openssl.log"
}

# kubeconfig PKI NAME: all in one file, so that it can be copied.
kubeconfig() {
    local pki=$1 name=$2
    cat <<KUBECONFIG
apiVersion: v1
kind: Config
current-context: cluster
contexts:
  - name: cluster
    context: { cluster: cluster, user: $name }
clusters:
  - name: cluster
    cluster:
      server: https://$NODE_ADDRESS:6443
      certificate-authority-data: $(base64 -w 0 "$pki/ca.crt")
users:
  - name: $name
    user:
      client-certificate-data: $(base64 -w 0 "$pki/$name.crt")
      client-key-data: $(base64 -w 0 "$pki/$name.key")
KUBECONFIG
}
