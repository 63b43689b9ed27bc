"""The layers of a configuration, laid over each other by pydantic-settings."""

from collections.abc import Sequence
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from chassis.config.layers import Layers
from chassis.config.tree import Entry, Origin, Tree, at, hide


class _Layer(PydanticBaseSettingsSource):
    """One layer as a source of settings: its values to be merged, and itself to ask for places."""

    def __init__(self, settings_cls: type[BaseSettings], name: str, tree: Tree) -> None:
        super().__init__(settings_cls)
        self.__name__ = name
        self._values: dict[str, Any] = {"tree": tree, "layers": {name: tree}}

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return the value of a field."""
        del field
        return self._values[field_name], field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return what is merged below the layers that came before."""
        for stronger in self.settings_sources_data.values():
            # pydantic-settings starts with the strongest, and would look through `clients: ~` in
            # one layer at the clients below it as soon as a stronger layer has clients again.
            hide(self._values["tree"], stronger["tree"])
        return self._values


class Layered(BaseSettings):
    """All layers as one tree.

    Not yet the service's settings: names are relaxed, and placeholders lead anywhere in the
    tree, so a model can check it only once both are resolved. What merging loses, where a mapping
    was written, the layers still know.
    """

    model_config = SettingsConfigDict(frozen=True)

    tree: Any
    layers: Any

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the layers, the strongest first; below them are the defaults in code."""
        del env_settings, dotenv_settings, file_secret_settings  # these know no relaxed names
        layers: Layers = init_settings()["layers"]
        return (
            _Layer(settings_cls, "command line", layers.command_line),
            _Layer(settings_cls, "environment", layers.environment),
            _Layer(settings_cls, "secret files", layers.secret_files),
            _Layer(settings_cls, "profile documents", layers.profile_documents),
            _Layer(settings_cls, "default documents", layers.default_documents),
        )

    def origin(self, keys: Sequence[str]) -> Origin:
        """Return where the entry or mapping under these keys was written, at its strongest."""
        found = (at(tree, keys) for tree in reversed(self.layers.values()))
        strongest: Entry | Tree = next(node for node in found if node is not None)
        return strongest.origin


def merge(layers: Layers) -> Layered:
    """Lay the layers over each other: mappings merge, anything else is replaced."""
    return Layered(layers=layers)
