//! From a pod and what its author asked for to an RFC 6902 patch. Pure.
