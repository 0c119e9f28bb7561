//! Go's text/template. Pure.
