"""rest-service: a greeting from live configuration, a protected API, calls across namespaces."""
