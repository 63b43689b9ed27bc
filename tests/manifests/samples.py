"""The services that checks are tried on: one that is reached from outside, one with versions."""

from suitectl.catalogue import called_service, services, versioned_service

API, VERSIONED = called_service(None), versioned_service(None)
DEPLOYMENT = f"Deployment/{API.deployments['']}"
V1, V2 = (f"Deployment/{VERSIONED.deployments[version]}" for version in ("v1", "v2"))
NAMES = tuple(services())
