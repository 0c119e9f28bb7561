//! What the shell supplies to all mounts: the texts of templates, and the token of the login.

use std::sync::Arc;

use super::engine::Engine;
use super::event::TokenId;
use super::render::TemplateFiles;
use super::target::ConfigMaps;
use crate::secret::SecretBytes;

impl Engine {
    /// The ConfigMaps changed, or are there at last.
    pub(super) fn supply(&mut self, config_maps: ConfigMaps) {
        for mount in &mut self.mounts {
            mount.supply(&config_maps);
        }
        self.config_maps = config_maps;
    }

    /// The template files changed, or are there at last.
    pub(super) fn supply_templates(&mut self, files: TemplateFiles) {
        for mount in &mut self.mounts {
            mount.supply_templates(&files);
        }
        self.template_files = files;
    }

    /// A login has brought this token; files hold that of the pod's own.
    pub(super) fn supply_token(&mut self, id: TokenId, token: SecretBytes) {
        if self.sessions.own_token() != Some(id) {
            return;
        }
        let token = Arc::new(token);
        for mount in &mut self.mounts {
            mount.supply_token(&token);
        }
        self.token = Some(token);
    }
}
