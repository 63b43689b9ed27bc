"""The least that gets a user's token: `python token_request.py URL CLIENT SECRET USER PASSWORD`."""

import sys

import httpx

if __name__ == "__main__":
    url, client, secret, user, password = sys.argv[1:]
    form = {"grant_type": "password", "username": user, "password": password}
    response = httpx.post(url, data=form, auth=(client, secret), timeout=10)
    print(response.raise_for_status().json()["access_token"])  # noqa: T201 - a command
