"""Which profiles are active, who says so, and that `prod` is never lost on the way.

The order is: `--profiles`, `--spring.profiles.active`, `PROFILES_ACTIVE`, `SPRING_PROFILES_ACTIVE`
and its relaxed forms, the default documents of application.yaml. What guards production depends
on the profile `prod`: where any of them names it and the result lacks it, nothing starts.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from chassis.config.errors import ConfigError

PROD = "prod"


@dataclass(frozen=True, slots=True)
class Named:
    """Profiles that one place names, such as a flag, a variable or a document."""

    where: str
    profiles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProfileSources:
    """Everything that is said about profiles, in each tuple the strongest first.

    As in Spring, `include` adds to what is active, `groups` to each profile, and `default` counts
    where nothing else is named. `automatic` is what the platform adds.
    """

    active: tuple[Named, ...] = ()
    include: tuple[Named, ...] = ()
    default: tuple[Named, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    automatic: tuple[str, ...] = ()

    def below(self, weaker: "ProfileSources") -> "ProfileSources":
        """Return these, and after them what weaker sources say."""
        return ProfileSources(
            self.active + weaker.active,
            self.include + weaker.include,
            self.default + weaker.default,
            {**weaker.groups, **self.groups},
            self.automatic + weaker.automatic,
        )

    def result(self) -> tuple[str, ...]:
        """Return the active profiles; raise `ConfigError` where one is no name, or prod is lost."""
        for named in (*self.active, *self.include, *self.default):
            _check_names(named)
        chosen = (self.active or self.default)[:1]
        named_now = (*chosen, *self.include)
        result = tuple(dict.fromkeys([*self.automatic, *self._expanded(_flat(named_now))]))
        for named in self.active:
            if PROD not in result and PROD in self._expanded(named.profiles):
                reason = f"{named.where} names prod, but {chosen[0].where} counts and does not"
                raise ConfigError(f"{reason}; name it there too, or nowhere", key=ACTIVE)
        return result

    def disagreement(self) -> str | None:
        """Say in one line which source counts, where two differ."""
        if not any(set(named.profiles) != set(self.active[0].profiles) for named in self.active):
            return None
        first, *others = (f"{named.where} ({','.join(named.profiles)})" for named in self.active)
        return f"Active profiles are named differently: {first} counts, not {', '.join(others)}"

    def _expanded(self, profiles: Iterable[str]) -> Iterator[str]:
        seen: set[str] = set()
        waiting = [*profiles][::-1]
        while waiting:
            profile = waiting.pop()
            if profile not in seen:
                seen.add(profile)
                yield profile
                waiting += self.groups.get(profile, ())[::-1]


ACTIVE = "spring.profiles.active"


def split(text: str) -> tuple[str, ...]:
    """Read a comma-separated list of names."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _flat(named: Sequence[Named]) -> list[str]:
    return [profile for one in reversed(named) for profile in one.profiles]


def _check_names(named: Named) -> None:
    for name in named.profiles:
        if not name.replace("-", "").replace("_", "").replace(".", "").isalnum():
            reason = f"{name!r} is no profile name; use letters, digits, dot, dash, underscore"
            raise ConfigError(reason, file=named.where, key="profiles")
        if name != PROD and name.lower() == PROD:
            reason = f"{name} is another profile than prod, which guards production; write prod"
            raise ConfigError(reason, file=named.where, key="profiles")
