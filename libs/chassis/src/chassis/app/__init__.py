"""The ASGI application of a service: routes, layers, error bodies, probes, metrics."""
