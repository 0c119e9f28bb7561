//! Freshet: live Vault secrets in Kubernetes pods, without a Secret in etcd.
//!
//! A pod carries annotations that name Vault paths. The admission webhook (`freshet webhook`) adds
//! a memory volume and a native sidecar, the refresher (`freshet-refresher`), which logs in to
//! HashiCorp Vault or OpenBao as the pod's own service account and keeps the files in that volume
//! current.
//!
//! # Bird's eye
//!
//! ```text
//! admission:  AdmissionReview ─► dialect ─► SyncSpec + settings ─► inject: Plan ─► RFC 6902 patch
//! running:    SyncSpec ─► sync engine ─► login · read · renew ─► render ─► AtomicWriter ─► files
//! ```
//!
//! Two programs, one crate, and one thing that they share at run time: the [`spec::SyncSpec`], which
//! the webhook writes into an annotation and the refresher reads through a downward API volume. Who
//! the refresher is and where it sends its token, the [`spec::Identity`], is in the container's
//! arguments instead, because nobody can change those.
//!
//! # Rooms
//!
//! Pure (no socket, file, clock, thread, log, global):
//!
//! - [`spec`]: the contract and the value types that cannot be wrong.
//! - [`calendar`]: seconds since 1970 and dates, for whoever writes or reads one.
//! - [`percent`]: percent-encoding, for whoever reads a URL.
//! - [`secret`], [`payload`]: secret values that cannot be shown; the files of one directory.
//! - [`dialect`]: what a user wrote on a pod, or in an ExternalSecret whose target it mounts, becomes
//!   settings and a SyncSpec, or *all* the problems.
//! - [`inject`]: a pod and what was asked for become a plan, and the plan a patch.
//! - [`template`]: Go's `text/template`, over bytes.
//! - [`sync`]: the engine of the refresher: events in, actions out.
//! - [`certificate`]: the webhook's certificate: how one is issued, and when which one is served.
//! - [`reconcile`]: what is to be done about objects that exist: conditions, pods that follow or are
//!   evicted, Events.
//!
//! Shells (thin, they carry out and they log):
//!
//! - [`webhook`]: TLS, `AdmissionReview`, health, metrics. [`controller`]: what is read from the
//!   Kubernetes API and written to it.
//! - [`refresher`]: the loop around the engine. [`vault`]: the Vault API in our words. [`files`]: the
//!   atomic writer.
//! - [`cli`]: the commands for people. [`dev_vault`]: an in-memory Vault for the demo and for tests.
//! - [`telemetry`], [`shutdown`]: what both programs do alike.
//!
//! # Arrows
//!
//! An arrow may be used; its reverse, and whatever is not drawn, is an error.
//!
//! ```text
//! webhook ────► inject ─► dialect ─► template ─► secret, spec
//!    ├────────► controller ─► reconcile ─► inject, dialect, spec
//!    └──────────────┴───────► certificate ─► spec
//! cli ────────► inject, dialect, template, secret, webhook (its arguments), certificate and dev_vault
//!               (the demo)
//! refresher ──► sync ──► template, payload ─► secret, spec
//!    ├────────► vault ─► secret, spec
//!    └────────► files ─► payload
//! webhook, refresher, cli ─► telemetry, shutdown
//! template, sync, dev_vault, certificate, reconcile ─► calendar
//! spec, template, dev_vault ─► percent
//! ```
//!
//! # Invariants
//!
//! 1. The pure rooms name no tokio, no `std::{fs, net, env, process, thread}`, no wall or monotonic
//!    clock, no tracing, no vaultrs, kube or axum. They return warnings; shells log.
//! 2. The webhook never opens a connection to Vault and never sees a secret value; the SyncSpec has
//!    no field that could hold one.
//! 3. The refresher never links kube or axum.
//! 4. A pod is never re-serialised: only RFC 6902 operations leave [`inject`], so fields newer than
//!    this code survive.
//! 5. Files reach a volume only through the atomic writer.
//! 6. `vault/client.rs` is the only file that names vaultrs or rustify.
//! 7. Secret bytes live only in the types of [`secret`] and in the template engine's values: no
//!    `Debug` of content, no `Serialize`.
//! 8. Neither program reads environment variables for its settings; `VAULT_*` means nothing here.
//!    `exec` hands them on to the application, and expands what names a secret.
//!
//! Arrows and invariants are checked by `tests/it/tidy.rs`.

#![cfg_attr(
    test,
    allow(
        clippy::disallowed_methods,
        reason = "tests prepare files; production writes them through files::AtomicWriter alone"
    )
)]

pub mod calendar;
#[cfg(feature = "webhook")]
pub mod certificate;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "webhook")]
pub mod controller;
#[cfg(feature = "demo")]
pub mod dev_vault;
#[cfg(feature = "admission")]
pub mod dialect;
#[cfg(feature = "refresher")]
pub mod files;
#[cfg(feature = "admission")]
pub mod inject;
pub mod payload;
pub mod percent;
#[cfg(feature = "webhook")]
pub mod reconcile;
#[cfg(feature = "refresher")]
pub mod refresher;
pub mod secret;
pub mod shutdown;
pub mod spec;
#[cfg(feature = "refresher")]
pub mod sync;
pub mod telemetry;
pub mod template;
#[cfg(feature = "refresher")]
pub mod vault;
#[cfg(feature = "webhook")]
pub mod webhook;
