//! The ports that a refresher serves when asked for: metrics and health, and the wish to quit.

use std::net::SocketAddr;
use std::rc::Rc;

use super::http;
use super::quit::Quit;
use super::shared::Shared;

/// Serves from now on. A port that the application has taken must not keep its secrets from it.
pub(crate) async fn open(
    metrics: Option<SocketAddr>,
    quit: Option<SocketAddr>,
    shared: &Rc<Shared>,
) -> Quit {
    if let Some(address) = metrics {
        match http::listen(address, http::pages(shared)).await {
            Ok(bound) => tracing::info!("serving metrics and health on {bound}"),
            Err(error) => tracing::warn!("--metrics-address: cannot listen on {address}: {error}"),
        }
    }
    let wish = Quit::default();
    if let Some(address) = quit {
        match wish.listen(address).await {
            Ok(bound) => tracing::info!("taking POST /agent/v1/quit on {bound}"),
            Err(error) => tracing::warn!("--quit-address: cannot listen on {address}: {error}"),
        }
    }
    wish
}
