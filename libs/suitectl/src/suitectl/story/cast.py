"""Whom the story is about: the services and the client of the demo."""

CAS = ("cas-server-service", "system-server")
REST = ("rest-service-service", "system-server")
DIFF_NS = ("diff-ns-service-service", "ns-app")
REST_SERVICE, DIFF_NS_SERVICE, GO_SERVICE = "rest-service", "diff-ns-service", "go-service"
"""Without one of these the chapters that need it are left out."""
DEMO = (REST_SERVICE, DIFF_NS_SERVICE, GO_SERVICE)

PATH = "/getservicedetail?servicename=aaa"
"""What names a version of the service with versions."""
GREETING = "/greeting"
"""What shows a version to people, in words and colour."""
APP = "demo-app"
"""The client through which people log in."""
