"""The architecture of the package and rules of style, checked on the source of every module."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

import skactive

PACKAGE = Path(skactive.__file__).parent

# A public package may import from the packages before it, never from those after it.
PACKAGES = [
    "base",
    "embedding",
    "metric_learning",
    "neighbors",
    "semi_supervised",
    "pool",
    "measures",
    "strategies",
    "learner",
    "streams",
    "model_selection",
    "inspection",
    "labeling",
    "integrations",
    "datasets",
    "cli",
]
# `ActiveLearner.label` opens a session of the learner.
UPWARD = {"skactive.learner._queries": {"labeling"}}
OPTIONAL_PACKAGES = {
    "PIL",
    "anywidget",
    "crowdkit",
    "dask",
    "distributed",
    "matplotlib",
    "metric_learn",
    "modAL",
    "pandas",
    "pyarrow",
    "pynndescent",
    "river",
    "skactiveml",
    "starlette",
    "tensorflow",
    "tensorflow_hub",
    "umap",
    "usearch",
    "uvicorn",
}
# Required, but loaded on first use, so that `import skactive` stays fast.
LAZY_PACKAGES = {"numba"}
NUMPY_GENERATORS = {
    "BitGenerator",
    "Generator",
    "PCG64",
    "RandomState",
    "SeedSequence",
    "default_rng",
}


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imported_names(tree: ast.AST) -> Iterator[tuple[ast.stmt, str]]:
    """Yield each import statement with the dotted path of each thing that it imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node, alias.name
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node, f"{'.' * node.level}{node.module or ''}.{alias.name}"


def package_of(module: str) -> str | None:
    """Return the public package of a module, or None for skactive itself and private modules."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and not parts[1].startswith("_") else None


def wrong_directions(module: str, tree: ast.Module) -> Iterator[str]:
    """Find imports of a package that comes after the module's own."""
    package = package_of(module)
    if module == "skactive.__main__":
        allowed = {"cli"}
    elif package == "datasets" or package is None:
        allowed = set()
    else:
        allowed = {*PACKAGES[: PACKAGES.index(package) + 1]}
        if package in {"cli", "labeling"}:
            allowed |= {"datasets"}
    allowed |= UPWARD.get(module, set())
    for_types = set(ast.walk(tree)) - set(run_or_called(tree))
    for node, name in imported_names(tree):
        if name.startswith("."):
            yield f"line {node.lineno}: {name} is a relative import"
        elif name == "skactive":
            yield f"line {node.lineno}: import skactive, name the package instead"
        elif name.startswith("skactive."):
            target = package_of(name)
            if node in for_types:
                continue
            if target is not None and target != package and target not in allowed:
                yield f"line {node.lineno}: {package or module} imports from {target}"


def private_scikit_learn_names(module: str, tree: ast.Module) -> Iterator[str]:
    """Find names of scikit-learn that begin with an underscore, imported or looked up."""
    found = [(node.lineno, name) for node, name in imported_names(tree)]
    found += [
        (node.lineno, ast.unparse(node))
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
    ]
    for line, name in found:
        root, *parts = name.split(".")
        if root == "sklearn" and any(p.startswith("_") and not p.endswith("__") for p in parts):
            yield f"line {line}: {name} is private to scikit-learn"


def run_or_called(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield all nodes but those that only type checkers read."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            waiting.extend(node.orelse)
            continue
        yield node
        waiting.extend(ast.iter_child_nodes(node))


def run_on_import(tree: ast.Module) -> Iterator[ast.stmt]:
    """Yield the statements that run when the module is imported."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            waiting.extend(node.orelse)
            continue
        if isinstance(node, ast.stmt):
            yield node
        waiting.extend(ast.iter_child_nodes(node))


def eager_imports(module: str, tree: ast.Module) -> Iterator[str]:
    """Find optional and slow packages that importing the module would import."""
    for statement in run_on_import(tree):
        if isinstance(statement, ast.Import | ast.ImportFrom):
            for node, name in imported_names(ast.Module([statement], [])):
                if name.split(".")[0] in OPTIONAL_PACKAGES | LAZY_PACKAGES:
                    yield f"line {node.lineno}: {name} is to be imported inside the call"


def forbidden_constructs(module: str, tree: ast.Module) -> Iterator[str]:
    """Find assertions, bare excepts, printing and numpy's global random state."""
    for node in ast.walk(tree):
        match node:
            case ast.Assert():
                yield f"line {node.lineno}: assert"
            case ast.ExceptHandler(type=None):
                yield f"line {node.lineno}: bare except"
            case ast.Call(func=ast.Name(id="print")) if package_of(module) != "cli":
                yield f"line {node.lineno}: print"
            case ast.Attribute(attr=function) if ast.unparse(node.value) in {
                "np.random",
                "numpy.random",
            }:
                if function not in NUMPY_GENERATORS:
                    yield f"line {node.lineno}: np.random.{function}"
            case ast.ImportFrom(module="numpy.random"):
                for alias in node.names:
                    if alias.name not in NUMPY_GENERATORS:
                        yield f"line {node.lineno}: np.random.{alias.name}"


def test_the_public_packages_are_those_of_the_design():
    assert {package_of(module) for module in MODULES} - {None} == set(PACKAGES)


RULES = [
    wrong_directions,
    private_scikit_learn_names,
    eager_imports,
    forbidden_constructs,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("module", MODULES)
def test_every_module_follows_the_rules(module, rule):
    if module == "skactive" and rule is wrong_directions:
        pytest.skip("skactive names its packages for type checkers, and imports none")
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    assert list(rule(module, tree)) == []


def test_skactive_imports_its_packages_for_type_checkers_only():
    tree = ast.parse(MODULES["skactive"].read_text(encoding="utf-8"))
    statements = [s for s in run_on_import(tree) if isinstance(s, ast.Import | ast.ImportFrom)]
    names = [name for _, name in imported_names(ast.Module(statements, []))]
    assert not [name for name in names if name.startswith("skactive")]


@pytest.mark.parametrize(
    ("rule", "module", "source", "fault"),
    [
        (
            wrong_directions,
            "skactive.pool._x",
            "from skactive.strategies import CDFProduct",
            "pool imports from strategies",
        ),
        (
            wrong_directions,
            "skactive.pool._x",
            "def f():\n    import skactive.learner",
            "pool imports from learner",
        ),
        (
            wrong_directions,
            "skactive.measures",
            "from skactive import learner",
            "measures imports from learner",
        ),
        (wrong_directions, "skactive.measures", "from . import _x", "relative import"),
        (wrong_directions, "skactive.measures", "import skactive", "name the package"),
        (
            wrong_directions,
            "skactive.datasets",
            "from skactive.pool import Pool",
            "datasets imports from pool",
        ),
        (
            wrong_directions,
            "skactive.integrations",
            "import skactive.cli",
            "integrations imports from cli",
        ),
        (
            wrong_directions,
            "skactive.model_selection",
            "import skactive.datasets",
            "model_selection imports from datasets",
        ),
        (
            wrong_directions,
            "skactive._public",
            "import skactive.pool",
            "skactive._public imports from pool",
        ),
        (
            wrong_directions,
            "skactive.__main__",
            "from skactive.pool import Pool",
            "imports from pool",
        ),
        (
            private_scikit_learn_names,
            "m",
            "from sklearn.utils._param_validation import Interval",
            "private",
        ),
        (
            private_scikit_learn_names,
            "m",
            "from sklearn.base import _fit_context",
            "private",
        ),
        (private_scikit_learn_names, "m", "import sklearn.neighbors._base", "private"),
        (private_scikit_learn_names, "m", "sklearn.utils._bunch.Bunch()", "private"),
        (eager_imports, "m", "import matplotlib.pyplot as plt", "inside the call"),
        (eager_imports, "m", "class C:\n    from pandas import DataFrame", "inside the call"),
        (
            eager_imports,
            "m",
            "try:\n    import numba\nexcept ImportError:\n    pass",
            "inside the call",
        ),
        (forbidden_constructs, "m", "assert x", "assert"),
        (forbidden_constructs, "m", "try:\n    x\nexcept:\n    pass", "bare except"),
        (forbidden_constructs, "skactive.pool", "print(1)", "print"),
        (forbidden_constructs, "m", "np.random.shuffle(x)", "np.random.shuffle"),
        (forbidden_constructs, "m", "from numpy.random import rand", "np.random.rand"),
    ],
)
def test_each_rule_finds_violations(rule, module, source, fault):
    faults = list(rule(module, ast.parse(source)))
    assert faults
    assert fault in faults[0]


@pytest.mark.parametrize(
    ("rule", "module", "source"),
    [
        (wrong_directions, "skactive.strategies", "from skactive.measures import Margin"),
        (wrong_directions, "skactive.pool._x", "from skactive.pool._y import z"),
        (wrong_directions, "skactive.pool", "from skactive._public import present"),
        (wrong_directions, "skactive.cli", "from skactive import datasets"),
        (wrong_directions, "skactive.__main__", "from skactive.cli import main"),
        (private_scikit_learn_names, "m", "import sklearn\nsklearn.__version__"),
        (private_scikit_learn_names, "m", "from sklearn.utils.validation import validate_data"),
        (eager_imports, "m", "def plot():\n    import matplotlib"),
        (eager_imports, "m", "if TYPE_CHECKING:\n    import pandas"),
        (forbidden_constructs, "skactive.cli", "print(np.random.default_rng(0))"),
    ],
)
def test_each_rule_accepts_correct_code(rule, module, source):
    assert list(rule(module, ast.parse(source))) == []


TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}


def is_abstract(node: ast.ClassDef) -> bool:
    """Return whether a class is a contract: an ABC, a Protocol, or one with abstract methods."""
    bases = {ast.unparse(base).split(".")[-1] for base in node.bases}
    return bool(bases & {"ABC", "Protocol"}) or any(
        isinstance(part, ast.FunctionDef)
        and any("abstractmethod" in ast.unparse(decorator) for decorator in part.decorator_list)
        for part in node.body
    )


def own_classes(trees: dict[str, ast.Module]) -> dict[str, set[str]]:
    """Return the modules that define each concrete class."""
    found: dict[str, set[str]] = {}
    for module, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and not is_abstract(node):
                found.setdefault(node.name, set()).add(module)
    return found


def class_tests(module: str, tree: ast.Module, classes: dict[str, set[str]]) -> Iterator[str]:
    """Find isinstance tests on concrete classes of the package, outside their modules."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "isinstance":
            for part in ast.walk(node.args[1]):
                name = getattr(part, "id", getattr(part, "attr", None))
                if name in classes and module not in classes[name]:
                    yield f"line {node.lineno}: isinstance(..., {name})"


def foreign_private_imports(module: str, tree: ast.Module) -> Iterator[str]:
    """Find imports of a private module of another public package."""
    own = package_of(module)
    for node, name in imported_names(tree):
        target = package_of(name) if name.startswith("skactive.") else None
        private = any(part.startswith("_") for part in name.split(".")[2:])
        if target is not None and target != own and private:
            yield f"line {node.lineno}: {name} is private to {target}"


def imported_modules(tree: ast.Module) -> set[str]:
    """Return the modules of the package that importing a module imports."""
    found = set()
    for statement in run_on_import(tree):
        if isinstance(statement, ast.Import | ast.ImportFrom):
            for _, name in imported_names(ast.Module([statement], [])):
                parts = name.split(".")
                names = [".".join(parts[:stop]) for stop in range(2, len(parts) + 1)]
                found |= {one for one in names if one in MODULES}
    return found


def test_no_module_tests_for_a_concrete_class_of_another():
    classes = own_classes(TREES)
    assert [
        f"{module} {fault}"
        for module, tree in TREES.items()
        for fault in class_tests(module, tree, classes)
    ] == []


def test_no_package_imports_a_private_module_of_another():
    assert [
        f"{module} {fault}"
        for module, tree in TREES.items()
        for fault in foreign_private_imports(module, tree)
    ] == []


def test_modules_import_each_other_in_no_circle():
    graph = {
        module: {one for one in imported_modules(tree) if not f"{module}.".startswith(f"{one}.")}
        for module, tree in TREES.items()
    }
    left = dict(graph)
    while ready := [module for module, targets in left.items() if not targets & set(left)]:
        for module in ready:
            del left[module]
    assert left == {}


def lines_of_code(node: ast.AST, source: str) -> int:
    """Return the number of lines without docstrings, comments and blank lines."""
    lines = set(range(node.lineno, node.end_lineno + 1))
    for part in ast.walk(node):
        if isinstance(part, ast.ClassDef | ast.FunctionDef) and ast.get_docstring(part) is not None:
            lines -= set(range(part.body[0].lineno, part.body[0].end_lineno + 1))
    text = source.splitlines()
    return sum(
        1 for line in lines if text[line - 1].strip() and not text[line - 1].strip().startswith("#")
    )


@pytest.mark.parametrize(
    ("module", "name"),
    [("skactive.pool._pool", "Pool"), ("skactive.learner._active_learner", "ActiveLearner")],
)
def test_pool_and_learner_are_below_300_lines_of_code(module, name):
    source = MODULES[module].read_text(encoding="utf-8")
    (node,) = [
        one for one in ast.walk(TREES[module]) if isinstance(one, ast.ClassDef) and one.name == name
    ]
    assert lines_of_code(node, source) < 300


@pytest.mark.parametrize("module", sorted(MODULES))
def test_no_module_has_more_than_500_lines(module):
    assert len(MODULES[module].read_text(encoding="utf-8").splitlines()) <= 500


def unexplained_any(module: str, tree: ast.AST, source: str) -> Iterator[str]:
    """Find `Any` in signatures of public functions, without a comment on its line."""
    lines = source.splitlines()
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef) or (
            function.name.startswith("_") and function.name != "__init__"
        ):
            continue
        arguments = function.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        annotations = [argument.annotation for argument in every]
        for annotation in [*annotations, function.returns]:
            if annotation is None or ast.unparse(annotation) != "Any":
                continue
            if "#" not in lines[annotation.lineno - 1]:
                yield f"line {annotation.lineno}: Any in {function.name} has no reason"


def exported_names(tree: ast.Module) -> set[str]:
    """Return the names in a module's ``__all__``."""
    return {
        name
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        for name in ast.literal_eval(node.value)
    }


def public_parts(package: str) -> Iterator[tuple[str, ast.AST]]:
    """Yield the functions and classes that a package exports, with the bases of the classes."""
    trees = {
        module: tree
        for module, tree in TREES.items()
        if package_of(module) == package
        or (package == "base" and module.startswith("skactive._contracts"))
    }
    names = {
        name
        for module, tree in trees.items()
        if "._" not in module
        for name in exported_names(tree)
    }
    found: dict[int, tuple[str, ast.AST]] = {}
    n_found = -1
    while len(found) > n_found:
        n_found = len(found)
        for module, tree in trees.items():
            for node in ast.walk(tree):
                # A class that needs another package is exported under a public name of its own.
                if isinstance(node, ast.ImportFrom):
                    names |= {alias.name for alias in node.names if alias.asname in names}
            for node in tree.body:
                if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name in names:
                    found[id(node)] = module, node
                    names |= {ast.unparse(base) for base in getattr(node, "bases", [])}
    yield from found.values()


def test_no_two_classes_share_a_name():
    places = defaultdict(list)
    for module, path in MODULES.items():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                places[node.name].append(module)
    assert len(places) > 200
    assert {name: modules for name, modules in places.items() if len(modules) > 1} == {}


def test_public_parts_include_exported_names_and_their_base_classes():
    names = {node.name for _, node in public_parts("learner")}
    assert {"ActiveLearner", "LearnerActions", "LearnerPredictions", "Progress"} <= names
    assert "Journal" not in names


@pytest.mark.parametrize("package", PACKAGES)
def test_any_in_a_public_signature_has_a_reason(package):
    assert [
        f"{module} {fault}"
        for module, node in public_parts(package)
        for fault in unexplained_any(module, node, MODULES[module].read_text(encoding="utf-8"))
    ] == []


@pytest.mark.parametrize(
    ("find", "source", "fault"),
    [
        (
            lambda tree: class_tests("skactive.a", tree, {"Pool": {"skactive.pool._pool"}}),
            "isinstance(x, int | Pool)",
            "isinstance(..., Pool)",
        ),
        (
            lambda tree: foreign_private_imports("skactive.learner._x", tree),
            "def f():\n    from skactive.pool._pool import Pool",
            "private to pool",
        ),
        (
            lambda tree: unexplained_any("m", tree, "def f(x: Any): ..."),
            "def f(x: Any): ...",
            "Any in f",
        ),
    ],
)
def test_each_count_finds_what_it_counts(find, source, fault):
    (found,) = find(ast.parse(source))
    assert fault in found
