"""docs/design/style.md, "Packages": what a service author may rely on."""

import chassis

PUBLIC = {
    "ApiError",
    "Authentication",
    "Chassis",
    "ClientCredentials",
    "ConfigError",
    "CurrentAuthentication",
    "LiveConfig",
    "ReadyCheck",
    "Section",
    "ServiceClient",
    "ServiceClients",
    "ServiceSettings",
    "TokenRelay",
    "TokenServices",
    "any_of",
    "authority",
    "create_app",
    "current_settings",
    "requires",
    "run_service",
    "scope",
    "service_client",
}


def test_the_public_names_are_these() -> None:
    assert set(chassis.__all__) == PUBLIC
    assert all(hasattr(chassis, name) for name in PUBLIC)
