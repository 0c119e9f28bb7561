//! Functions that people know from elsewhere and that are not offered here, with the reason.

use crate::spec::FunctionTable;

const ENVIRONMENT: &str =
    "it reads the environment, which is the refresher's and not the application's";
const NETWORK: &str = "it asks the network";
const CONSUL: &str = "it asks Consul, and the refresher talks to Vault alone";
const NOMAD: &str = "it asks Nomad, and the refresher talks to Vault alone";
const FILES: &str = "a template writes nothing but its own file";
const READS: &str = "a template reads secrets and nothing else";
const GENERATES: &str =
    "keys and certificates are better issued by Vault, which keeps track of them";
const HELM: &str = "it is Helm's, and no template of External Secrets has it";
const STATE: &str = "a template keeps no state but its variables";

/// Why `name` is not in the table; `None` for a name that nobody knows.
pub(super) fn reason(table: FunctionTable, name: &str) -> Option<&'static str> {
    let everywhere = match name {
        "env" | "expandenv" | "mustEnv" | "envOrDefault" => ENVIRONMENT,
        "getHostByName" | "sockaddr" => NETWORK,
        "include" | "tpl" | "required" | "lookup" => HELM,
        "genPrivateKey"
        | "buildCustomCert"
        | "genCA"
        | "genCAWithKey"
        | "genSelfSignedCert"
        | "genSelfSignedCertWithKey"
        | "genSignedCert"
        | "genSignedCertWithKey" => GENERATES,
        "encryptAES" | "decryptAES" => {
            "its cipher has no authentication; Vault's transit engine has one"
        }
        _ => "",
    };
    let consul = match name {
        "caLeaf" | "caRoots" | "connect" | "datacenters" | "exportedServices"
        | "importedServices" | "key" | "keyExists" | "keyOrDefault" | "ls" | "safeLs" | "node"
        | "nodes" | "partitions" | "peerings" | "service" | "services" | "tree" | "safeTree"
        | "byKey" | "byPort" | "byTag" | "byMeta" => CONSUL,
        "nomadServices" | "nomadService" | "nomadVarList" | "nomadVarListSafe" | "nomadVar"
        | "nomadVarExists" => NOMAD,
        "writeToFile" | "plugin" => FILES,
        "file" | "secrets" => READS,
        "pkiCert" => "read the certificate with secret, or let the pod's own request it",
        "scratch" | "executeTemplate" => STATE,
        _ => "",
    };
    let reason = match (table, everywhere) {
        (FunctionTable::Go, _) => "",
        (FunctionTable::ConsulTemplate, "") => consul,
        (_, reason) => reason,
    };
    Some(reason).filter(|reason| !reason.is_empty())
}
