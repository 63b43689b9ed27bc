"""The test kit: the real application of a service, served to its own tests.

    async def test_a_user_sees_the_warehouse(serve: Serve) -> None:
        orders = await serve(create_app, {"stock.warehouse": "north"})
        response = await orders.get("/api/warehouse", auth=as_user("alice"))
        assert response.json() == {"warehouse": "north"}

`pytest_plugins = ["chassis.testing.fixtures"]` brings the fixtures, and needs the extra `testing`.
The rest needs no pytest.
"""

from chassis.testing.application import Served, served
from chassis.testing.auth_server import AuthServer, Login, NotInstalledError, auth_server
from chassis.testing.callers import Bearer, as_client, as_user, bearer
from chassis.testing.config_directory import ConfigDirectory
from chassis.testing.configured import configured
from chassis.testing.discovery_table import DiscoveryTable
from chassis.testing.serve import Serve
from chassis.testing.token_services import SelfContainedTokenServices, StaticTokenServices

__all__ = [
    "AuthServer",
    "Bearer",
    "ConfigDirectory",
    "DiscoveryTable",
    "Login",
    "NotInstalledError",
    "SelfContainedTokenServices",
    "Serve",
    "Served",
    "StaticTokenServices",
    "as_client",
    "as_user",
    "auth_server",
    "bearer",
    "configured",
    "served",
]
