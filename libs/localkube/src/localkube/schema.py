"""What of each kind is implemented, and what is accepted without effect; all else is an error."""

from localkube.objects import Object
from localkube.rules import (
    Anything,
    Fields,
    Findings,
    Flag,
    Items,
    Number,
    Pairs,
    Text,
)

_ANY, _TEXT, _FLAG, _COUNT = Anything(), Text(), Flag(), Number()
_TEXTS, _STRINGS = Items(Text()), Pairs(Text())
_NAME = Text(pattern=r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_LABEL = Text(pattern=r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_PORT = Number(1, 65535)
_PORT_OR_NAME = Number(1, 65535, or_text=r"[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?")
_COUNT_OR_PERCENT = Number(or_text=r"\d{1,3}%")
_TCP = Text(choices=("TCP",))

_METADATA = Fields(
    {
        "name": _NAME,
        "namespace": _LABEL,
        "labels": _STRINGS,
        "annotations": _STRINGS,
        # What localkube itself writes comes back through `edit` and `get -o yaml | apply`.
        **dict.fromkeys(("uid", "resourceVersion", "creationTimestamp", "generation"), _ANY),
    },
    required=("name",),
)
_SELECTOR = Fields(
    {
        "matchLabels": _STRINGS,
        "matchExpressions": Items(
            Fields(
                {
                    "key": _TEXT,
                    "operator": Text(choices=("In", "NotIn", "Exists", "DoesNotExist")),
                    "values": _TEXTS,
                },
                required=("key", "operator"),
            )
        ),
    }
)

_HTTP_GET = Fields(
    {
        "path": _TEXT,
        "port": _PORT_OR_NAME,
        "scheme": Text(choices=("HTTP",)),
        "httpHeaders": Items(Fields({"name": _TEXT, "value": _TEXT}, required=("name", "value"))),
    },
    required=("port",),
)
_EXEC = Fields({"command": Items(_TEXT, 1)}, required=("command",))
_SLEEP = Fields({"seconds": _COUNT}, required=("seconds",))
_TCP_SOCKET = Fields({"port": _PORT_OR_NAME}, required=("port",))
_PROBE = Fields(
    {
        "httpGet": _HTTP_GET,
        "exec": _EXEC,
        "tcpSocket": _TCP_SOCKET,
        "initialDelaySeconds": _COUNT,
        "periodSeconds": Number(1),
        "timeoutSeconds": Number(1),
        "successThreshold": Number(1),
        "failureThreshold": Number(1),
    },
    exactly_one=("httpGet", "exec", "tcpSocket"),
)
_HOOK = Fields(
    {"httpGet": _HTTP_GET, "exec": _EXEC, "sleep": _SLEEP},
    exactly_one=("httpGet", "exec", "sleep"),
)

_KEY_REF = Fields({"name": _NAME, "key": _TEXT, "optional": _FLAG}, required=("name", "key"))
_SOURCE_REF = Fields({"name": _NAME, "optional": _FLAG}, required=("name",))
_FIELD_REF = Fields({"fieldPath": _TEXT, "apiVersion": _TEXT}, required=("fieldPath",))
_VALUE_FROM = Fields(
    {"fieldRef": _FIELD_REF, "configMapKeyRef": _KEY_REF, "secretKeyRef": _KEY_REF},
    exactly_one=("fieldRef", "configMapKeyRef", "secretKeyRef"),
)
_ENV = Fields({"name": _TEXT, "value": _TEXT, "valueFrom": _VALUE_FROM}, required=("name",))
_ENV_FROM = Fields(
    {"prefix": _TEXT, "configMapRef": _SOURCE_REF, "secretRef": _SOURCE_REF},
    exactly_one=("configMapRef", "secretRef"),
)
_SUB_PATH = "a subPath mount never changes with its ConfigMap; mount the directory instead"
_MOUNT = Fields(
    {"name": _TEXT, "mountPath": Text(pattern=r"/.*[^/]")},
    required=("name", "mountPath"),
    no_effect=frozenset({"readOnly"}),
    hints={"subPath": _SUB_PATH, "subPathExpr": _SUB_PATH},
)
_CONTAINER_PORT = Fields(
    {"name": _TEXT, "containerPort": _PORT, "protocol": _TCP}, required=("containerPort",)
)
_CONTAINER = Fields(
    {
        "name": _LABEL,
        "image": _TEXT,
        "command": _TEXTS,
        "args": _TEXTS,
        "env": Items(_ENV),
        "envFrom": Items(_ENV_FROM),
        "ports": Items(_CONTAINER_PORT),
        "volumeMounts": Items(_MOUNT),
        "lifecycle": Fields({"postStart": _HOOK, "preStop": _HOOK}),
        **dict.fromkeys(("startupProbe", "readinessProbe", "livenessProbe"), _PROBE),
    },
    required=("name", "image"),
    no_effect=frozenset({"securityContext", "resources", "imagePullPolicy"}),
)
_ITEMS = Items(Fields({"key": _TEXT, "path": _TEXT, "mode": _COUNT}, required=("key", "path")))
_VOLUME_SOURCE = {"items": _ITEMS, "defaultMode": _COUNT, "optional": _FLAG}
_VOLUME = Fields(
    {
        "name": _LABEL,
        "configMap": Fields({"name": _NAME, **_VOLUME_SOURCE}, required=("name",)),
        "secret": Fields({"secretName": _NAME, **_VOLUME_SOURCE}, required=("secretName",)),
        "emptyDir": Fields({}, no_effect=frozenset({"sizeLimit"})),
    },
    required=("name",),
    exactly_one=("configMap", "secret", "emptyDir"),
)
_POD_SPEC = Fields(
    {
        "containers": Items(_CONTAINER, 1),
        "volumes": Items(_VOLUME),
        "terminationGracePeriodSeconds": _COUNT,
        "restartPolicy": Text(choices=("Always",)),
    },
    required=("containers",),
    no_effect=frozenset(
        {
            "securityContext",
            "affinity",
            "topologySpreadConstraints",
            "tolerations",
            "priorityClassName",
            "serviceAccountName",
            "automountServiceAccountToken",
            "enableServiceLinks",
        }
    ),
)
_TEMPLATE = Fields(
    {"metadata": Fields({"labels": _STRINGS, "annotations": _STRINGS}), "spec": _POD_SPEC},
    required=("metadata", "spec"),
)
_STRATEGY = Fields(
    {
        "type": Text(choices=("RollingUpdate", "Recreate")),
        "rollingUpdate": Fields(
            {"maxSurge": _COUNT_OR_PERCENT, "maxUnavailable": _COUNT_OR_PERCENT}
        ),
    }
)
_DEPLOYMENT = Fields(
    {
        "replicas": Number(0, 1000),
        "selector": _SELECTOR,
        "template": _TEMPLATE,
        "strategy": _STRATEGY,
        **dict.fromkeys(
            ("minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"), _COUNT
        ),
    },
    required=("selector", "template"),
)
_SERVICE_PORT = Fields(
    {
        "name": _LABEL,
        "port": _PORT,
        "targetPort": _PORT_OR_NAME,
        "nodePort": Number(0, 65535),
        "protocol": _TCP,
    },
    required=("port",),
    no_effect=frozenset({"appProtocol"}),
)
_CLIENT_IP = Fields({"clientIP": Fields({"timeoutSeconds": Number(1, 86400)})})
_SERVICE = Fields(
    {
        "type": Text(choices=("ClusterIP", "NodePort", "ExternalName")),
        "selector": _STRINGS,
        "ports": Items(_SERVICE_PORT),
        "sessionAffinity": Text(choices=("None", "ClientIP")),
        "sessionAffinityConfig": _CLIENT_IP,
        "externalName": _NAME,
        "clusterIP": Text(pattern=r"(?!None).*"),
    }
)
_HEAD = {"apiVersion": _TEXT, "kind": _TEXT, "metadata": _METADATA, "status": _ANY}
_REQUIRED = ("apiVersion", "kind", "metadata")

SCHEMAS = {
    "Namespace": Fields({**_HEAD, "spec": _ANY}, _REQUIRED),
    "ConfigMap": Fields(
        {**_HEAD, "data": _STRINGS, "binaryData": _STRINGS, "immutable": _FLAG}, _REQUIRED
    ),
    "Secret": Fields(
        {**_HEAD, "data": _STRINGS, "stringData": _STRINGS, "type": _TEXT, "immutable": _FLAG},
        _REQUIRED,
    ),
    "Service": Fields({**_HEAD, "spec": _SERVICE}, (*_REQUIRED, "spec")),
    "Deployment": Fields({**_HEAD, "spec": _DEPLOYMENT}, (*_REQUIRED, "spec")),
}


def findings(document: Object) -> Findings:
    """Check a document of an implemented kind against what is implemented of it."""
    found = Findings()
    SCHEMAS[document["kind"]].check(document, "", found)
    return found
