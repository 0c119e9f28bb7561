//! The real refresher against the dev Vault, which fails on order.

mod certificates;
mod external_secrets;
mod gate;
mod hard_cases;
pub(crate) mod issued;
mod leases;
mod logins;
mod notifications;
mod outages;
pub(crate) mod pod;
mod profiles;
mod quit;
mod restarts;
mod supplied;
mod variables;
mod watching;
