"""The identity of a transformer: everything that its vectors depend on, except the sample."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from os import PathLike, fspath
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np

# Vectors do not depend on the number of threads, on messages, or on where scikit-learn's
# compositions cache their fitted parts.
LEFT_OUT = {"memory", "n_jobs", "verbose"}
# Folders that change as they are used: only their names are part of the identity.
FOLDERS_IN_USE = {"cache", "cache_dir", "cache_folder", "location"}
# Attributes that `fit` sets about its input without learning anything.
INPUT_ATTRIBUTES = {"feature_names_in_", "n_features_in_"}

_CONSTANTS = {bool, int, float, str, bytes, tuple, frozenset}


def identity_of(transformer: object, name: str | None = None) -> bytes:
    """Return the identity of a transformer: transformers with different vectors differ in it.

    Parameters
    ----------
    transformer : transformer
        The identity is made of its class, the release of the package of the class, and all
        parameters. A class of a package without a release is identified by its code. A parameter
        that names a file or folder on this machine is identified by its path and by the sizes and
        modification times of its files.
    name : str or None
        A name for the properties that parameters do not show: functions, loaded models and fitted
        attributes. None raises an error if the transformer has such properties.

    Returns
    -------
    identity : bytes
        The same in every process.
    """
    description = _Description(type(transformer).__name__, name is not None)
    if hasattr(transformer, "get_params"):
        parts = "".join(description.of_estimator(transformer, ""))
    elif name is not None:
        parts = _class_name(type(transformer))
    else:
        raise TypeError(
            f"{type(transformer).__name__} has no `get_params`, so that a change of its vectors "
            "cannot be detected. Hint: pass a name as `identity`, and change the name whenever "
            "the vectors would change."
        )
    return parts.encode() if name is None else f"{name!r} {parts}".encode()


class _Description:
    """An unambiguous text for parameters."""

    def __init__(self, owner: str, is_named: bool) -> None:
        self._owner = owner
        self._is_named = is_named

    def of_estimator(self, estimator: Any, prefix: str) -> Iterator[str]:
        if not self._is_named:
            _check_stateless(estimator, self._owner, prefix)
        yield f"{_class_name(type(estimator))}("
        if not self._is_named:
            yield _release_of(estimator.__class__)
        for name, value in sorted(estimator.get_params(deep=False).items()):
            if name not in LEFT_OUT:
                yield f", {name}="
                yield from self.of(value, f"{prefix}{name}")
        yield ")"

    def of(self, value: Any, name: str) -> Iterator[str]:
        if (text := _of_plain(value)) is not None:
            yield text
        elif isinstance(value, str | PathLike):
            yield f"{'' if isinstance(value, str) else 'path '}{fspath(value)!r}"
            if name.rpartition("__")[2] not in FOLDERS_IN_USE:
                yield from _on_disk(value)
        elif isinstance(value, Mapping | set | frozenset | list | tuple | np.ndarray):
            yield from self._of_container(value, name)
        elif hasattr(value, "get_params"):
            yield from self.of_estimator(value, f"{name}__")
        elif self._is_named:
            yield f"<{_class_name(type(value))}>"
        else:
            raise TypeError(
                f"The parameter {name!r} of {self._owner} is a {type(value).__name__}, of which a "
                "change cannot be detected. Hint: pass a name with a version as `identity`, and "
                "change it whenever the vectors would change."
            )

    def _of_container(self, values: Any, name: str) -> Iterator[str]:
        yield type(values).__name__
        if isinstance(values, Mapping):
            parts = [
                "".join([*self.of(key, name), ":", *self.of(value, f"{name}__{key}")])
                for key, value in values.items()
            ]
        else:
            parts = ["".join(self.of(value, f"{name}[{at}]")) for at, value in enumerate(values)]
        if isinstance(values, Mapping | set | frozenset):
            parts.sort()
        yield f"({','.join(parts)})"


def _of_plain(value: Any) -> str | None:
    if value is None or type(value) in {bool, int, float, complex, bytes, range}:
        return repr(value)
    if isinstance(value, np.ndarray | np.generic) and not value.dtype.hasobject:
        array = np.asarray(value)
        return f"{array.dtype.descr}{array.shape}{_digest(np.ascontiguousarray(array))}"
    if isinstance(value, slice):
        return f"slice{(value.start, value.stop, value.step)!r}"
    if isinstance(value, np.dtype):
        return f"dtype {value.descr}"
    return f"class {_class_name(value)}" if isinstance(value, type) else None


def _check_stateless(estimator: Any, owner: str, prefix: str) -> None:
    fitted = [
        name
        for name in getattr(estimator, "__dict__", {})
        if name.endswith("_") and not name.startswith("__") and name not in INPUT_ATTRIBUTES
    ]
    if fitted:
        subject = f"{prefix.removesuffix('__')!r} of {owner}" if prefix else owner
        raise TypeError(
            f"{subject} is fitted: its vectors depend on {', '.join(fitted[:3])}. Hint: cache the "
            "transformer that comes before it, which needs no fitting; or pass a name for the "
            "fitted state as `identity`, and change the name whenever the state would change."
        )


def _class_name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def _digest(content: Any) -> str:
    return blake2b(content, digest_size=16).hexdigest()


def _on_disk(path: str | PathLike[str]) -> Iterator[str]:
    """Yield sizes and modification times of the files that a path names, if any."""
    try:
        named = Path(path)
        files = [named, *sorted(named.rglob("*"))] if named.is_dir() else [named]
        for file in files:
            if file.is_file():
                stat = file.stat()
                yield f"[{file.relative_to(named)}|{stat.st_size}|{stat.st_mtime_ns}]"
    except (OSError, ValueError):
        return


@lru_cache(maxsize=256)
def _release_of(cls: type) -> str:
    """Return the release of a class's package, or else a digest of the code of the class."""
    package = cls.__module__.partition(".")[0]
    release = getattr(sys.modules.get(package), "__version__", None)
    if release is None:
        try:
            release = version(package)
        except PackageNotFoundError:
            own = [base for base in cls.__mro__ if base.__module__.partition(".")[0] == package]
            return "code " + _digest("".join(map(_code_of_class, own)).encode())
    return f"{package} {release}"


def _code_of_class(cls: type) -> str:
    parts = [cls.__qualname__]
    for name, member in sorted(vars(cls).items()):
        wrapped = [getattr(member, way, None) for way in ("fget", "func", "__func__")]
        codes = [getattr(function, "__code__", None) for function in (member, *wrapped)]
        parts += [f"{name} {_written(code)}" for code in codes if isinstance(code, CodeType)]
        if type(member) in _CONSTANTS and not name.startswith("__"):
            parts.append(f"{name} {_written(member)}")
    return "\n".join(parts)


def _written(constant: Any) -> str:
    """Return bytecode or a constant as text that is the same in every process."""
    if isinstance(constant, CodeType):
        return f"{constant.co_code.hex()} {constant.co_names} {_written(constant.co_consts)}"
    if isinstance(constant, tuple):
        return f"({','.join(map(_written, constant))})"
    if isinstance(constant, frozenset):
        return f"{{{','.join(sorted(map(_written, constant)))}}}"
    return repr(constant)
