"""The schemas of custom resources are strict, and pruned without becoming more permissive."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # ships no types
import pytest
import yaml

from checkers.custom_resources import cut, versions

DEFINITION = """
spec:
  group: example.com
  names: {kind: Bell}
  versions:
    - name: v1
      served: true
      schema:
        openAPIV3Schema:
          type: object
          required: [spec]
          properties:
            apiVersion: {type: string}
            kind: {type: string}
            metadata: {type: object}
            spec:
              type: object
              description: What it does.
              required: [tones]
              properties:
                loud: {type: boolean}
                tones:
                  type: array
                  minItems: 1
                  items:
                    type: object
                    properties:
                      hertz: {type: integer, maximum: 20000}
                      name: {type: string}
                labels:
                  type: object
                  additionalProperties: {type: string}
                anything:
                  type: object
                  x-kubernetes-preserve-unknown-fields: true
                  properties: {known: {type: string}}
    - {name: v1alpha1, served: false}
"""
BELL = {
    "apiVersion": "example.com/v1",
    "kind": "Bell",
    "metadata": {"name": "bell"},
    "spec": {"tones": [{"hertz": 440}, {"name": "low"}], "labels": {"a": "b"}},
}


@pytest.fixture
def schema(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "bells.yaml").write_text(DEFINITION)
    ((key, found),) = versions(tmp_path / "bells.yaml")
    assert key == ("example.com/v1", "Bell")
    return found


def refused(schema: dict[str, Any], **spec: Any) -> bool:
    bell = deepcopy(BELL)
    bell["spec"] |= spec  # type: ignore[operator]  # a mapping
    return bool(list(jsonschema.Draft202012Validator(schema).iter_errors(bell)))


def test_a_definition_refuses_unknown_fields(schema: dict[str, Any]) -> None:
    assert not refused(schema)
    assert not refused(schema, loud=True, anything={"known": "a", "else": 1})
    assert refused(schema, volume=11)
    assert refused(schema, tones=[{"herz": 440}])


@pytest.mark.parametrize(
    "spec", [{"tones": []}, {"tones": [{"hertz": 20001}]}, {"labels": {"a": 1}}, {"volume": 11}]
)
def test_a_pruned_schema_refuses_what_the_complete_one_refuses(
    schema: dict[str, Any], spec: dict[str, Any]
) -> None:
    assert refused(schema, **spec)
    assert refused(cut(schema, [BELL]), **spec)


def test_a_pruned_schema_contains_only_used_fields(schema: dict[str, Any]) -> None:
    small = cut(schema, [BELL])
    assert not refused(small)
    assert refused(small, loud=True)
    assert "description" not in yaml.safe_dump(small)
