"""The identity of a transformer: everything that its vectors depend on, except the sample."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from enum import Enum
from functools import lru_cache, partial
from hashlib import blake2b, file_digest
from importlib.metadata import PackageNotFoundError, version
from os import PathLike, fspath
from pathlib import Path
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

# Vectors do not depend on the number of threads, on messages, or on where scikit-learn's
# compositions cache their fitted parts.
LEFT_OUT = {"memory", "n_jobs", "verbose"}
# Folders that change as they are used: only their names are part of the identity.
FOLDERS_IN_USE = {"cache", "cache_dir", "cache_folder", "location"}
# Attributes that `fit` sets about its input without learning anything.
INPUT_ATTRIBUTES = {"feature_names_in_", "n_features_in_"}

_CONSTANTS = {bool, int, float, complex, str, bytes, range, slice, type(None)}


def identity_of(transformer: object, name: str | None = None) -> bytes:
    """Return the identity of a transformer: transformers with different vectors differ in it.

    Parameters
    ----------
    transformer : transformer
        The identity is made of its class, the release of the package of the class, and all
        parameters. A class of a package without a release is identified by its code. A parameter
        that names a file or folder on this machine is identified by its path and by the content of
        its files.
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
    """Yield digests of the files that a path names, if any."""
    try:
        named = Path(path)
        files = [named, *sorted(named.rglob("*"))] if named.is_dir() else [named]
        for file in files:
            if file.is_file():
                stat = file.stat()
                # The time of the last change of the file's entry cannot be set back.
                state = (stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
                yield f"[{file.relative_to(named)}|{_content_digest(file.absolute(), state)}]"
    except (OSError, ValueError):
        return


@lru_cache(maxsize=4096)
def _content_digest(file: Path, _state: tuple[int, ...]) -> str:
    with file.open("rb") as opened:
        return file_digest(opened, lambda: blake2b(digest_size=16)).hexdigest()


@lru_cache(maxsize=256)
def _release_of(cls: type) -> str:
    """Return the release of a class's package, or else a digest of the code of the class."""
    package = cls.__module__.partition(".")[0]
    release = getattr(sys.modules.get(package), "__version__", None)
    if release is None:
        try:
            release = version(package)
        except PackageNotFoundError:
            return "code " + _digest("".join(_Code(package).of_class(cls)).encode())
    return f"{package} {release}"


class _Code:
    """The code of a class, and of the functions and constants beside it that the code names."""

    def __init__(self, package: str) -> None:
        self._package = package
        self._seen: set[int] = set()

    def of_class(self, cls: type) -> Iterator[str]:
        for base in cls.__mro__:
            if self._is_own(base) and id(base) not in self._seen:
                self._seen.add(id(base))
                yield f"{base.__qualname__}\n"
                for name, member in sorted(vars(base).items()):
                    ways = [getattr(member, way, None) for way in ("fget", "func", "__func__")]
                    for function in (member, *ways):
                        if isinstance(function, FunctionType):
                            yield from self.of_function(name, function)
                    if not name.startswith("__") and not isinstance(member, FunctionType):
                        yield from self._of_value(name, member)

    def of_function(self, name: str, function: FunctionType) -> Iterator[str]:
        if id(function) in self._seen:
            return
        self._seen.add(id(function))
        yield f"{name} {_written(function.__code__)}\n"
        yield from self._of_value("defaults", function.__defaults__)
        yield from self._of_value("defaults", function.__kwdefaults__)
        # scikit-learn wraps `transform`: the function itself is in a cell of the closure.
        free = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        for variable, cell in free:
            with suppress(ValueError):  # an empty cell
                yield from self._of_value(variable, cell.cell_contents)
        names = sorted(set(_names_in(function.__code__)))
        spaces = [function.__globals__]
        # All modules first: `K` of `constants.K` comes before `constants` in this order.
        for space in spaces:
            values = [space[used] for used in names if used in space]
            for value in values:
                if isinstance(value, ModuleType) and self._is_beside(value):
                    is_known = any(vars(value) is known for known in spaces)
                    spaces += [] if is_known else [vars(value)]
        for used in names:
            for space in spaces:
                if used in space:
                    yield from self._of_value(used, space[used])

    def _of_value(self, name: str, value: Any) -> Iterator[str]:
        if type(value) in _CONSTANTS:
            yield f"{name} {_written(value)}\n"
        elif isinstance(value, list | tuple | dict | set | frozenset):
            yield from self._of_container(name, value)
        elif isinstance(value, np.ndarray | np.generic):
            yield f"{name} {value.shape} {_of_plain(value)}\n"
            for item in value.flat if value.dtype.hasobject else ():
                yield from self._of_value(name, item)
        elif isinstance(value, re.Pattern):
            yield f"{name} {value.pattern!r} {value.flags}\n"
        elif isinstance(value, Enum):
            yield from self._of_value(name, value.value)
        else:
            yield from self._of_callable(name, value)

    def _of_callable(self, name: str, value: Any) -> Iterator[str]:
        if isinstance(value, FunctionType):
            if self._is_own(value) or self._is_beside(sys.modules.get(value.__module__)):
                yield from self.of_function(name, value)
        elif isinstance(value, type):
            yield from self.of_class(value)
        elif isinstance(value, partial):
            for part in (value.func, value.args, value.keywords):
                yield from self._of_value(name, part)
        elif isinstance(value, MethodType):
            yield from self._of_value(name, value.__func__)
        elif isinstance(getattr(value, "__wrapped__", None), FunctionType):
            # Such as the function in `functools.lru_cache`.
            yield from self._of_value(name, value.__wrapped__)
        elif self._is_own(type(value)):
            yield from self.of_class(type(value))

    def _of_container(self, name: str, values: Any) -> Iterator[str]:
        if id(values) in self._seen:
            return
        # A container may contain itself.
        self._seen.add(id(values))
        yield f"{name} {type(values).__name__} {len(values)}\n"
        if isinstance(values, dict):
            for key, value in values.items():
                yield from self._of_value(f"{name} key", key)
                yield from self._of_value(name, value)
        elif isinstance(values, set | frozenset):
            yield from sorted("".join(self._of_value(name, value)) for value in values)
        else:
            for value in values:
                yield from self._of_value(name, value)

    def _is_own(self, value: Any) -> bool:
        return str(value.__module__).partition(".")[0] == self._package

    def _is_beside(self, module: Any) -> bool:
        """Return whether a module has no release, so that only its code identifies it."""
        package = getattr(module, "__name__", "builtins").partition(".")[0]
        if package == self._package:
            return True
        if package in sys.stdlib_module_names or hasattr(sys.modules.get(package), "__version__"):
            return False
        try:
            version(package)
        except PackageNotFoundError:
            return True
        return False


def _names_in(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in(constant)


def _written(constant: Any) -> str:
    """Return bytecode or a constant as text that is the same in every process."""
    if isinstance(constant, CodeType):
        return f"{constant.co_code.hex()} {constant.co_names} {_written(constant.co_consts)}"
    if isinstance(constant, tuple):
        return f"({','.join(map(_written, constant))})"
    if isinstance(constant, frozenset):
        return f"{{{','.join(sorted(map(_written, constant)))}}}"
    return repr(constant)
