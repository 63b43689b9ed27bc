"""JSON Web Tokens (RFC 7519), signed: read strictly, verified with keys of a key set (RFC 7517).

`keys` imports joserfc and `cryptography`, which take 11 MiB and more: it is loaded
where a key is in use.
"""
