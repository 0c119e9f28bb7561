//! The kinds of External Secrets' objects, and the versions in which a cluster may serve them.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::APIResourceList;
use kube::Client;
use kube::api::{ApiResource, GroupVersionKind};

const GROUP: &str = "external-secrets.io";

/// The newest first: of two that are served the first one is read.
const VERSIONS: [&str; 2] = ["v1", "v1beta1"];

/// A kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// What a Secret would be made of.
    ExternalSecret,
    /// A store of one namespace.
    SecretStore,
    /// A store of the cluster.
    ClusterSecretStore,
}

impl Kind {
    /// `ExternalSecret`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ExternalSecret => "ExternalSecret",
            Self::SecretStore => "SecretStore",
            Self::ClusterSecretStore => "ClusterSecretStore",
        }
    }

    /// `externalsecrets`.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::ExternalSecret => "externalsecrets",
            Self::SecretStore => "secretstores",
            Self::ClusterSecretStore => "clustersecretstores",
        }
    }

    /// `externalsecrets.external-secrets.io/status`, for messages.
    pub const fn plural_of_status(self) -> &'static str {
        match self {
            Self::ExternalSecret => "externalsecrets.external-secrets.io/status",
            Self::SecretStore => "secretstores.external-secrets.io/status",
            Self::ClusterSecretStore => "clustersecretstores.external-secrets.io/status",
        }
    }

    /// The resource in one version.
    pub fn resource(self, version: &str) -> ApiResource {
        let kind = GroupVersionKind::gvk(GROUP, version, self.name());
        ApiResource::from_gvk_with_plural(&kind, self.plural())
    }

    /// The version in which the cluster serves the kind; none where it does not.
    ///
    /// # Errors
    /// When the API server does not say.
    pub(super) async fn served(self, client: &Client) -> kube::Result<Option<&'static str>> {
        for version in VERSIONS {
            let version_of_group = format!("{GROUP}/{version}");
            match client.list_api_group_resources(&version_of_group).await {
                Ok(resources) if self.is_among(&resources) => return Ok(Some(version)),
                Ok(_) => {}
                Err(kube::Error::Api(status)) if status.code == 404 => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    fn is_among(self, list: &APIResourceList) -> bool {
        let mut resources = list.resources.iter();
        resources.any(|resource| resource.name == self.plural())
    }
}
