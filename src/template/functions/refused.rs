//! Functions that people know from elsewhere and that are not offered here, with the reason.

use crate::spec::FunctionTable;

const ENVIRONMENT: &str = "it reads the environment, and the refresher has none of the application's; \
     write the value into the template, or keep it in a secret";
const NETWORK: &str =
    "it asks the network; write the value into the template, or keep it in a secret";
const CONSUL: &str = "it asks Consul, and the refresher talks to Vault alone";
const PAIRS: &str =
    "it takes what only Consul's functions give, and the refresher talks to Vault alone";
const NOMAD: &str = "it asks Nomad, and the refresher talks to Vault alone";
const FILES: &str = "a template writes nothing but its own file; give each file a template of its own \
     (freshet.dev/template-<name>, freshet.dev/file-<name>, freshet.dev/mode-<name>)";
const PROGRAMS: &str = "it runs a program, and the refresher's image has none";
const READS: &str = "a template reads secrets and nothing else";
const HELM: &str = "it is Helm's, and no template of External Secrets has it";
const DEBUGS: &str =
    "it shows addresses, which change, and the agent's log; printf \"%#v\" shows a value";
const HERMETIC: &str = "consul-template has of sprig only what reads neither clock nor randomness \
     nor environment nor network";

/// Why `name` is not in the table; `None` for a name that nobody knows.
pub(super) fn reason(table: FunctionTable, name: &str) -> Option<&'static str> {
    let everywhere = match name {
        "env" | "expandenv" | "mustEnv" | "envOrDefault" => ENVIRONMENT,
        "getHostByName" | "sockaddr" => NETWORK,
        "include" | "tpl" | "required" | "lookup" => HELM,
        _ => "",
    };
    let consul = match name {
        "caLeaf" | "caRoots" | "connect" | "datacenters" | "exportedServices"
        | "importedServices" | "key" | "keyExists" | "keyOrDefault" | "ls" | "safeLs" | "node"
        | "nodes" | "partitions" | "peerings" | "service" | "services" | "tree" | "safeTree" => {
            CONSUL
        }
        "byKey" | "byPort" | "byTag" | "byMeta" | "explode" => PAIRS,
        "nomadServices" | "nomadService" | "nomadVarList" | "nomadVarListSafe" | "nomadVar"
        | "nomadVarExists" => NOMAD,
        "writeToFile" => FILES,
        "plugin" => PROGRAMS,
        "file" => READS,
        "spew_dump" | "spew_printf" | "spew_sdump" | "spew_sprintf" => DEBUGS,
        _ => match name.strip_prefix("sprig_") {
            Some(plain) if !hermetic(plain) => HERMETIC,
            _ => "",
        },
    };
    let reason = match (table, everywhere) {
        (FunctionTable::Go, _) => "",
        (FunctionTable::ConsulTemplate, "") => consul,
        (_, reason) => reason,
    };
    Some(reason).filter(|reason| !reason.is_empty())
}

/// Whether sprig counts the function `name` among its hermetic ones, which are those that
/// consul-template has.
pub(super) fn hermetic(name: &str) -> bool {
    !matches!(
        name,
        "date"
            | "date_in_zone"
            | "date_modify"
            | "now"
            | "htmlDate"
            | "htmlDateInZone"
            | "dateInZone"
            | "dateModify"
            | "randAlphaNum"
            | "randAlpha"
            | "randAscii"
            | "randNumeric"
            | "randBytes"
            | "uuidv4"
            | "env"
            | "expandenv"
            | "getHostByName"
    )
}
