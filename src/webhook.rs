//! The admission server: a thin shell around the pure core.
