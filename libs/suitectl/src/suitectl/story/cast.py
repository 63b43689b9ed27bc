"""Whom the story is about: the services and the client of the demo."""

CAS = ("cas-server-service", "system-server")
REST = ("rest-service-service", "system-server")
DIFF_NS = ("diff-ns-service-service", "ns-app")

PATH = "/getservicedetail?servicename=aaa"
"""What names a version of the service with versions."""
APP = "demo-app"
"""The client through which people log in."""
