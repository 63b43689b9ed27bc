"""Objects that every cluster refuses, each as a merge patch of a valid one, with its message."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from localkube.api.patches import merge

Object = dict[str, Any]

CONTAINER: Object = {
    "name": "web",
    "image": "web:1",
    "ports": [{"name": "http", "containerPort": 8000}],
    "volumeMounts": [{"name": "config", "mountPath": "/etc/web"}],
}
SOUND: dict[str, Object] = {
    "ConfigMap": {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "web"},
        "data": {"a.yaml": "x"},
    },
    "Secret": {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "web"},
        "data": {"a": "eA=="},
    },
    "Service": {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {
            "selector": {"app": "web"},
            "ports": [{"name": "http", "port": 9000, "targetPort": "http"}],
        },
    },
    "Deployment": {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {
                    "containers": [CONTAINER],
                    "volumes": [{"name": "config", "configMap": {"name": "web"}}],
                },
            },
        },
    },
}
"""One valid object of each kind."""

_POD = "spec.template.spec"
_FIRST = f"{_POD}.containers[0]"


@dataclass(frozen=True, slots=True)
class Refused:
    """A patch that makes a valid object invalid, with the resulting message."""

    kind: str
    patch: Object
    words: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.words[:60]}"

    @property
    def document(self) -> Object:
        """Return the invalid object."""
        changed: Object = merge(SOUND[self.kind], self.patch, strategic=False)
        return changed


def _config_maps() -> Iterator[Refused]:
    key = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
    long, limit = "k" * 254, 1024 * 1024
    for name, reason in {
        "../x": key,
        "a/b": key,
        "a b": key,
        "": key,
        "ä": key,
        "..": "must not be '..'",
        ".": "must not be '.'",
        "..data": "must not start with '..'",
        long: "must be no more than 253 characters",
    }.items():
        words = f'data[{name}]: Invalid value: "{name}": {reason}'
        yield Refused("ConfigMap", {"data": {name: "x"}}, words)
    encoded = 'binaryData[../x]: Invalid value: "../x": a valid config key'
    yield Refused("ConfigMap", {"binaryData": {"../x": "eA=="}}, encoded)
    twice = 'data[a.yaml]: Invalid value: "a.yaml": duplicate of key present in binaryData'
    yield Refused("ConfigMap", {"binaryData": {"a.yaml": "eA=="}}, twice)
    bytes_ = "Too long: may not be more than 1048576 bytes"
    yield Refused("ConfigMap", {"data": {"a.yaml": "x" * (limit + 1)}}, bytes_)
    yield Refused("ConfigMap", {"data": {"a.yaml": "é" * (limit // 2), "b": "x"}}, bytes_)
    corrupt = 'ConfigMap in version "v1" cannot be handled as a ConfigMap: illegal base64 data'
    yield Refused("ConfigMap", {"binaryData": {"b": "e!"}}, f"{corrupt} at input byte 1")


def _secrets() -> Iterator[Refused]:
    corrupt = 'Secret in version "v1" cannot be handled as a Secret: illegal base64 data'
    yield Refused("Secret", {"data": {"b": "plain text"}}, f"{corrupt} at input byte 5")
    for field in ("data", "stringData"):
        traversal = {field: {"../x": "eA=="}}
        yield Refused("Secret", traversal, 'data[../x]: Invalid value: "../x": a valid config key')
    long = {"stringData": {"a": "x" * (1024 * 1024 + 1)}}
    yield Refused("Secret", long, "data: Too long: may not be more than 1048576 bytes")
    yield Refused("Secret", {"type": "kubernetes.io/tls"}, "data[tls.crt]: Required value")


def _names() -> Iterator[Refused]:
    subdomain = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters"
    label = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters"
    for kind in ("ConfigMap", "Secret", "Deployment"):
        for name in ("../x", "a/b", "Web", "-a", "a..b"):
            words = f'metadata.name: Invalid value: "{name}": {subdomain}'
            yield Refused(kind, {"metadata": {"name": name}}, words)
        long = {"metadata": {"name": "a" * 254}}
        yield Refused(kind, long, "must be no more than 253 characters")
    service = {"metadata": {"name": "a.b"}}
    yield Refused("Service", service, 'metadata.name: Invalid value: "a.b": must not contain dots')
    space = {"metadata": {"namespace": "../x"}}
    yield Refused("ConfigMap", space, f'metadata.namespace: Invalid value: "../x": {label}')


def _labels() -> Iterator[Refused]:
    name = "name part must consist of alphanumeric characters, '-', '_' or '.'"
    value = "a valid label must be an empty string or consist of alphanumeric characters"
    for wrong, reason in {
        "a b": name,
        "-a": name,
        "/a": "prefix part must be non-empty",
        "a/b/c": "a valid label key must consist of alphanumeric characters",
        "A_b/c": "prefix part a lowercase RFC 1123 subdomain",
        "a" * 64: "name part must be no more than 63 bytes",
    }.items():
        labels = {"metadata": {"labels": {wrong: "x"}}}
        words = f'metadata.labels: Invalid value: "{wrong}": {reason}'
        yield Refused("ConfigMap", labels, words)
    for wrong, reason in {"a b": value, "x/y": value, "a" * 64: "no more than 63 bytes"}.items():
        labels = {"metadata": {"labels": {"a": wrong}}}
        yield Refused("Service", labels, reason)
    annotations: Object = {"metadata": {"annotations": {"a b": "x"}}}
    yield Refused("Secret", annotations, f'metadata.annotations: Invalid value: "a b": {name}')
    annotations = {"metadata": {"annotations": {"a": "x" * 262144}}}
    yield Refused(
        "Secret", annotations, "metadata.annotations: Too long: may not be more than 262144"
    )


def _deployments() -> Iterator[Refused]:
    def strategy(words: str, **fields: Any) -> Refused:
        return Refused("Deployment", {"spec": {"strategy": fields}}, f"spec.strategy.{words}")

    rolling = "rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"
    both = "rollingUpdate.maxUnavailable: Invalid value: {}: may not be 0 when `maxSurge` is 0"
    yield strategy(rolling, type="Recreate", rollingUpdate={})
    yield strategy(rolling, type="Recreate", rollingUpdate={"maxSurge": 1})
    zero: tuple[Any, ...] = (0, "0%")
    for step in zero:
        shown = f'"{step}"' if isinstance(step, str) else str(step)
        steps = {"maxSurge": 0, "maxUnavailable": step}
        yield strategy(both.format(shown), rollingUpdate=steps)
    over = 'rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%'
    yield strategy(over, rollingUpdate={"maxUnavailable": "101%"})
    text = 'rollingUpdate.maxSurge: Invalid value: "some": a valid percent string must be'
    yield strategy(text, rollingUpdate={"maxSurge": "some"})
    less = "rollingUpdate.maxSurge: Invalid value: -1: must be greater than or equal to 0"
    yield strategy(less, rollingUpdate={"maxSurge": -1})
    yield strategy('type: Unsupported value: "Canary"', type="Canary")
    negative = "spec.replicas: Invalid value: -1: must be greater than or equal to 0"
    yield Refused("Deployment", {"spec": {"replicas": -1}}, negative)
    labels: Object = {"spec": {"template": {"metadata": {"labels": {"app": "other"}}}}}
    words = 'Invalid value: {"app":"other"}: `selector` does not match template `labels`'
    yield Refused("Deployment", labels, f"spec.template.metadata.labels: {words}")
    beta = {"apiVersion": "extensions/v1beta1"}
    words = 'no matches for kind "Deployment" in version "extensions/v1beta1"'
    yield Refused("Deployment", beta, words)


def _pods() -> Iterator[Refused]:
    def pod(words: str, **fields: Any) -> Refused:
        return Refused("Deployment", {"spec": {"template": {"spec": fields}}}, f"{_POD}.{words}")

    config = {"name": "config", "configMap": {"name": "web"}}
    yield pod("containers: Required value", containers=[])
    yield pod('containers[1].name: Duplicate value: "web"', containers=[CONTAINER, CONTAINER])
    yield pod('volumes[1].name: Duplicate value: "config"', volumes=[config, config])
    two = {**config, "name": "two", "emptyDir": {}}
    yield pod("volumes[1].configMap: Forbidden: may not specify more than 1", volumes=[config, two])
    up = {"name": "../x", "emptyDir": {}}
    yield pod('volumes[1].name: Invalid value: "../x": a lowercase', volumes=[config, up])
    mode = {"name": "config", "secret": {"secretName": "web", "defaultMode": 512}}
    yield pod("volumes[0].secret.defaultMode: Invalid value: 512: must be a number", volumes=[mode])
    unnamed = {"name": "config", "secret": {}}
    yield pod("volumes[0].secret.secretName: Required value", volumes=[unnamed])
    yield pod('restartPolicy: Unsupported value: "Never"', restartPolicy="Never")


def _containers() -> Iterator[Refused]:
    def container(words: str, **fields: Any) -> Refused:
        spec = {"containers": [{**CONTAINER, **fields}]}
        return Refused("Deployment", {"spec": {"template": {"spec": spec}}}, f"{_FIRST}.{words}")

    mount = {"name": "config", "mountPath": "/etc/web"}
    field = {"fieldRef": {"fieldPath": "metadata.name"}}
    key = {"configMapKeyRef": {"name": "web", "key": "a"}}
    get = {"httpGet": {"port": "http"}}
    yield container('name: Invalid value: "../x": a lowercase RFC 1123 label', name="../x")
    yield container("name: Required value", name=None)
    yield container("image: Required value", image="")
    yield container(
        'volumeMounts[1].mountPath: Invalid value: "/etc/web": must be unique',
        volumeMounts=[mount, mount],
    )
    yield container(
        'volumeMounts[0].name: Not found: "gone"', volumeMounts=[{**mount, "name": "gone"}]
    )
    yield container(
        'env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
        env=[{"name": "A", "value": "1", "valueFrom": field}],
    )
    yield container(
        'env[0].valueFrom: Invalid value: "": may not have more than one field specified',
        env=[{"name": "A", "valueFrom": field | key}],
    )
    yield container(
        'env[0].valueFrom: Invalid value: "": must specify one of: `fieldRef`',
        env=[{"name": "A", "valueFrom": {}}],
    )
    yield container('env[0].name: Invalid value: "A=B"', env=[{"name": "A=B"}])
    yield container(
        'env[0].valueFrom.configMapKeyRef.key: Invalid value: "../x"',
        env=[{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "web", "key": "../x"}}}],
    )
    yield container(
        'resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
        resources={"requests": {"cpu": "2"}, "limits": {"cpu": 1}},
    )
    yield container(
        'resources.limits[memory]: Invalid value: "64MB": quantities must match',
        resources={"limits": {"memory": "64MB"}},
    )
    port = {"name": "http", "containerPort": 8000}
    yield container('ports[1].name: Duplicate value: "http"', ports=[port, port])
    yield container(
        "ports[0].containerPort: Invalid value: 65536: must be between 1 and 65535, inclusive",
        ports=[{"containerPort": 65536}],
    )
    for name, reason in {
        "management-port-1": "must be no more than 15 characters",
        "80": "must contain at least one letter (a-z)",
        "a--b": "must not contain consecutive hyphens",
        "-a": "must not begin or end with a hyphen",
        "Http": "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",
    }.items():
        words = f'ports[0].name: Invalid value: "{name}": {reason}'
        yield container(words, ports=[{**port, "name": name}])
    yield container(
        "readinessProbe: Required value: must specify a handler type", readinessProbe={}
    )
    yield container(
        "livenessProbe.httpGet: Forbidden: may not specify more than 1 handler type",
        livenessProbe={**get, "exec": {"command": ["true"]}},
    )
    yield container(
        "livenessProbe.successThreshold: Invalid value: 2: must be 1",
        livenessProbe={**get, "successThreshold": 2},
    )
    yield container(
        "startupProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0",
        startupProbe={**get, "periodSeconds": -1},
    )
    yield container(
        "lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than "
        "terminationGracePeriodSeconds (30)",
        lifecycle={"preStop": {"sleep": {"seconds": 31}}},
    )


def _services() -> Iterator[Refused]:
    def service(words: str, **spec: Any) -> Refused:
        return Refused("Service", {"spec": spec}, f"spec.{words}")

    http = {"name": "http", "port": 9000}
    yield service("ports: Required value", ports=[])
    yield service('ports[1].name: Duplicate value: "http"', ports=[http, {**http, "port": 9001}])
    yield service("ports[1]: Duplicate value", ports=[http, {**http, "name": "more"}])
    yield service("ports[1].name: Required value", ports=[http, {"port": 9001}])
    yield service("ports[0].port: Invalid value: 0: must be between", ports=[{"port": 0}])
    yield service(
        "ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
        ports=[{**http, "nodePort": 30080}],
    )
    outside = "provided port is not in the valid range. The range of valid ports is 30000-32767"
    yield service(
        f"ports[0].nodePort: Invalid value: 8080: {outside}",
        type="NodePort",
        ports=[{**http, "nodePort": 8080}],
    )
    yield service(
        "ports[1].nodePort: Duplicate value: 30080",
        type="NodePort",
        ports=[
            {"name": name, "port": port, "nodePort": 30080} for name, port in (("a", 1), ("b", 2))
        ],
    )
    yield service(
        'ports[0].targetPort: Invalid value: "Http": must contain only',
        ports=[{**http, "targetPort": "Http"}],
    )
    yield service('selector: Invalid value: "a b": a valid label', selector={"app": "a b"})
    yield service("externalName: Required value", type="ExternalName", ports=None)
    yield service(
        'externalName: Invalid value: "a..b": a lowercase RFC 1123 subdomain',
        type="ExternalName",
        externalName="a..b",
    )
    affinity = {"clientIP": {"timeoutSeconds": 86401}}
    yield service(
        "sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater",
        sessionAffinity="ClientIP",
        sessionAffinityConfig=affinity,
    )


REFUSED: tuple[Refused, ...] = (
    *_config_maps(),
    *_secrets(),
    *_names(),
    *_labels(),
    *_deployments(),
    *_pods(),
    *_containers(),
    *_services(),
)
