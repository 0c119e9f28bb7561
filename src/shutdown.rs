//! SIGTERM and SIGINT as a future.
