"""What "Authorize" on a service's page sends, with the authorization server behind it."""

from collections.abc import Iterator

import httpx
import pytest

from eventually import PATIENCE_S
from suitectl.catalogue import on_chassis
from three_services import PAIR, USER, ThreeServices, three_services

ID, SECRET = PAIR.split(":")


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThreeServices]:
    with three_services(tmp_path_factory.mktemp("services"), profile="dev") as running:
        yield running


@pytest.fixture(params=[one.name for one in on_chassis().values() if one.is_api])
def client(request: pytest.FixtureRequest, services: ThreeServices) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=services.urls[request.param], timeout=PATIENCE_S) as client:
        yield client


@pytest.mark.parametrize("place", ["header", "body"])
@pytest.mark.parametrize("grant", ["password", "client_credentials"])
def test_the_page_gets_a_token_that_its_service_accepts(
    client: httpx.Client, grant: str, place: str
) -> None:
    form = {"grant_type": grant, "scope": "read", **(USER if grant == "password" else {})}
    if place == "header":
        response = client.post("/docs/token", data=form, auth=(ID, SECRET))
    else:
        response = client.post(
            "/docs/token", data={**form, "client_id": ID, "client_secret": SECRET}
        )
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Content-Type"].startswith("application/json")
    header = {"Authorization": f"Bearer {response.json()['access_token']}"}
    assert client.get("/nowhere").status_code == 401
    assert client.get("/nowhere", headers=header).status_code == 404


def test_a_refusal_arrives_without_a_challenge(client: httpx.Client) -> None:
    form = {"grant_type": "client_credentials"}
    response = client.post("/docs/token", data=form, auth=(ID, "wrong"))
    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")
    assert "WWW-Authenticate" not in response.headers


def test_its_requests_are_counted_by_path(client: httpx.Client, services: ThreeServices) -> None:
    client.get("/docs").raise_for_status()
    client.post("/docs/token")
    urls = {url: name for name, url in services.urls.items()}
    management = services.management[urls[str(client.base_url).rstrip("/")]]
    counted = httpx.get(f"{management}/metrics", timeout=PATIENCE_S).text
    assert all(f'uri="{path}"' in counted for path in ("/docs", "/docs/token"))


def test_other_methods_are_refused(client: httpx.Client) -> None:
    response = client.get("/docs/token")
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
