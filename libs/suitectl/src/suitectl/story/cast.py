"""Whom the story is about: the services and the client of the demo."""

CAS = ("cas-server-service", "system-server")
REST = ("rest-service-service", "system-server")
DIFF_NS = ("diff-ns-service-service", "ns-app")
REST_SERVICE, DIFF_NS_SERVICE = "rest-service", "diff-ns-service"
"""Without one of these the chapters that need it are left out."""

PATH = "/getservicedetail?servicename=aaa"
"""What names a version of the service with versions."""
GREETING = "/greeting"
"""What shows a version to people, in words and colour."""
APP = "demo-app"
"""The client through which people log in."""
