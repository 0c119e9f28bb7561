//! Random bytes fit for keys, for the functions of templates that make keys and passwords.

use rustls::crypto::ring;

/// Fills `bytes` from the kernel's generator.
///
/// The kernel refuses only before it has been seeded, early at boot. Bytes that are not random would
/// become somebody's password, so this waits instead.
pub(super) fn fill(bytes: &mut [u8]) {
    let random = ring::default_provider().secure_random;
    while random.fill(bytes).is_err() {
        std::thread::yield_now();
    }
}
