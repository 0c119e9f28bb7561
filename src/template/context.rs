//! What a rendering sees of the world, and how far it may go.

use std::fmt;
use std::time::SystemTime;

use crate::secret::VaultSecret;
use crate::spec::SecretRef;

/// Where the function `secret` looks.
pub trait SecretSource {
    /// The secret at the path and version of `wanted` (its key is the template's business);
    /// `None` when it is not known yet.
    fn secret(&self, wanted: &SecretRef) -> Option<&VaultSecret>;
}

/// A source of secrets that has none.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSecrets;

impl SecretSource for NoSecrets {
    fn secret(&self, _: &SecretRef) -> Option<&VaultSecret> {
        None
    }
}

/// A source of random bytes, fit for keys.
pub trait Random {
    /// Fills `bytes`.
    fn fill(&mut self, bytes: &mut [u8]);
}

impl<F: FnMut(&mut [u8])> Random for F {
    fn fill(&mut self, bytes: &mut [u8]) {
        self(bytes);
    }
}

/// What a rendering sees of the world: nothing else.
pub struct Context<'a> {
    /// Where the function `secret` looks.
    pub secrets: &'a dyn SecretSource,
    /// The time that `now` answers.
    pub now: SystemTime,
    /// Where `rand*`, `uuidv4` and `gen*` draw from.
    pub random: &'a mut dyn Random,
    /// How far the rendering may go.
    pub limits: Limits,
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("now", &self.now)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// How far a rendering may go before it is stopped with an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How deep templates may call templates, counted together with the control structures and
    /// parentheses in them; also how deep values may nest where they are printed.
    pub depth: usize,
    /// The bytes of the output.
    pub output: usize,
    /// The turns of loops and the calls of templates, together.
    pub iterations: usize,
    /// The bytes of all the values that functions make, together.
    pub memory: usize,
}

impl Default for Limits {
    /// Enough for any configuration file; a rendering that reaches one of them takes well under a
    /// second and a few MiB.
    fn default() -> Self {
        Self {
            depth: 200,
            output: 4 << 20,
            iterations: 100_000,
            memory: 64 << 20,
        }
    }
}
