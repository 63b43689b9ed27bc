"""The ASGI application of a service: routes, middleware, error responses, probes, metrics."""
