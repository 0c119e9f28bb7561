//! One pass after the other: read the configuration and the Secret, serve, decide, write.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::configuration::{self, Configuration};
use super::store::{self, Store};
use super::{News, OnNews};
use crate::certificate::Policy;
use crate::certificate::rotation::{Certificates, Change, Rotation, Step, Stored, View};
use crate::certificate::{Identity, issue};
use crate::controller::call::CallError;
use crate::controller::lease::Leadership;
use crate::controller::outage::Outage;

/// What carries the decisions of a [`Rotation`] out.
pub(super) struct Keeper<'a> {
    policy: Policy,
    rotation: Rotation,
    store: &'a Store,
    configuration: &'a Configuration,
    clock: fn() -> i64,
    began: Instant,
    own: Option<Arc<Identity>>,
    on_news: &'a OnNews<'a>,
    registration: Outage,
}

impl<'a> Keeper<'a> {
    pub(super) fn new(
        policy: Policy,
        store: &'a Store,
        configuration: &'a Configuration,
        clock: fn() -> i64,
        on_news: &'a OnNews<'a>,
    ) -> Self {
        Self {
            rotation: Rotation::new(policy.clone()),
            policy,
            store,
            configuration,
            clock,
            began: Instant::now(),
            own: None,
            on_news,
            registration: Outage::new("caBundle", "it is filled in as soon as there is one"),
        }
    }

    /// Does all that there is to do now; answers how long there will be nothing, unless something
    /// changes.
    ///
    /// # Errors
    /// Says what the API server refuses, or that it cannot be asked.
    pub(super) async fn pass(&mut self, leadership: &Leadership) -> Result<Duration, String> {
        loop {
            match self.step(leadership).await {
                Ok(Some(rest)) => return Ok(rest),
                // Done, or somebody else was faster: both are worth another look at once.
                Ok(None) | Err(CallError::Conflict) => {}
                Err(CallError::Failed(problem)) => return Err(problem),
            }
        }
    }

    async fn step(&mut self, leadership: &Leadership) -> Result<Option<Duration>, CallError> {
        // Both reads and the write together end within the publish delay, which the rotation relies on.
        let limit = self.policy.publish_delay() / 3;
        let registered = self.configuration.read(limit).await;
        let secret = self.store.read(limit).await?;
        if let Stored::Held { certificates, .. } = &secret.stored {
            self.follow(certificates);
        }
        let registered = registered?;
        self.tell_of(&registered);
        let now = (self.clock)();
        let view = View {
            registration: &registered.registration,
            stored: &secret.stored,
            own: self.own.as_ref(),
            leading: leadership.is_ours(),
            now,
            at: self.began.elapsed(),
        };
        let Policy { name, lifetime } = &self.policy;
        let decided = self
            .rotation
            .decide(&view, || issue(name, lifetime.get(), now));
        let step = decided
            .map_err(|error| CallError::Failed(format!("no certificate can be issued: {error}")))?;
        self.carry_out(step, registered, secret, limit).await
    }

    async fn carry_out(
        &self,
        step: Step,
        registered: configuration::Read,
        secret: store::Read,
        limit: Duration,
    ) -> Result<Option<Duration>, CallError> {
        match step {
            Step::Rest(rest) => return Ok(Some(rest)),
            Step::Create(certificates) => {
                self.store.write(secret, &certificates, limit).await?;
                tracing::info!("certificate issued, the Secret is made");
            }
            Step::Replace(certificates, change) => {
                self.store.write(secret, &certificates, limit).await?;
                match change {
                    Change::Issue => tracing::info!("certificate issued"),
                    Change::Promote => {
                        tracing::info!("certificate put into service");
                        (self.on_news)(News::Rotated);
                    }
                    Change::Retire => tracing::info!("old CAs dropped"),
                }
            }
            Step::Publish { bundle, repair } => {
                let published = self.configuration.publish(&registered, &bundle, limit);
                published.await?;
                let authorities = bundle.len();
                if repair {
                    tracing::warn!(authorities, "caBundle repaired: it lacked the CA in use");
                    (self.on_news)(News::Repaired);
                } else {
                    tracing::info!(authorities, "caBundle written");
                }
            }
        }
        Ok(None)
    }

    /// Serves what the Secret says.
    fn follow(&mut self, certificates: &Certificates) {
        if certificates.serving.is_some() && certificates.serving != self.own {
            self.own.clone_from(&certificates.serving);
            if let Some(own) = &self.own {
                (self.on_news)(News::Serve(own));
            }
        }
    }

    fn tell_of(&mut self, registered: &configuration::Read) {
        match self.configuration.nobody_calls(registered) {
            Some(problem) => self.registration.begin(&problem),
            None => self.registration.over(),
        };
    }
}
