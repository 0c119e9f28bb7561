//! A panic as one log line, without what it says about data.
//!
//! The standard library's own messages quote values (slicing a string in the middle of a character
//! prints the string), so a formatted message is left out. The place says enough to find the fault.

use std::any::Any;
use std::panic;

/// Replaces the panic hook of the process.
pub(super) fn log_panics() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string);
        tracing::error!(
            panic.location = place.as_deref().unwrap_or("unknown"),
            panic.thread = std::thread::current().name().unwrap_or("unnamed"),
            "panicked: {}",
            constant_message(info.payload()),
        );
    }));
}

/// The message when it is part of the program's text, so that it cannot hold data.
fn constant_message(payload: &(dyn Any + Send)) -> &'static str {
    payload
        .downcast_ref::<&'static str>()
        .copied()
        .unwrap_or("the message is withheld because it may quote a secret")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_constant_messages_show() {
        let formatted: Box<dyn Any + Send> = Box::new(format!("no such key: {}", "hunter2"));
        assert!(!constant_message(&*formatted).contains("hunter2"));
        let constant: Box<dyn Any + Send> = Box::new("lock order broken");
        assert_eq!(constant_message(&*constant), "lock order broken");
    }
}
