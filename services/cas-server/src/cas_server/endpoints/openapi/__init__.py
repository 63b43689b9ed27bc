"""The OpenAPI description of the fast paths, which FastAPI does not see."""

from cas_server.endpoints.openapi.fast_paths import document

__all__ = ["document"]
