"""The tables of packages and contracts in `docs/how_it_works.md` agree with the code."""

import re
from collections.abc import Iterator

import pytest
from test_architecture import MODULES, PACKAGES
from test_documentation import DOCS, names, rows
from test_public_names import PUBLIC_MODULES, PUBLIC_NAMES, listed, resolved

import skactive

PAGE = (DOCS / "how_it_works.md").read_text(encoding="utf-8")
# Private modules at the top of the package have one purpose each, and are not in the table.
PRIVATE_PACKAGES = [
    module
    for module, path in MODULES.items()
    if path.name == "__init__.py" and re.fullmatch(r"skactive\._\w+", module)
]


def table(page: str) -> dict[str, str]:
    """Return the contents of each package in the table of a page, in its order."""
    return {names(package)[0]: contents for package, contents in rows(page, "package")}


def missing_classes(page: str) -> Iterator[str]:
    """Yield the classes in the table that the package in their row does not list as public."""
    for package, contents in table(page).items():
        public = {
            name
            for module in PUBLIC_MODULES
            if f"{module}.".startswith(f"{package}.")
            for name in listed(module)
        }
        for name in names(contents):
            if re.fullmatch(r"[A-Z]\w+", name) and name not in public:
                yield f"{package}: {name}"


def test_the_table_lists_private_packages_then_public_ones_in_the_order_of_imports():
    listed = list(table(PAGE))
    public = [f"skactive.{name}" for name in PACKAGES]
    assert listed[-len(public) :] == public
    assert sorted(listed[: -len(public)]) == sorted(PRIVATE_PACKAGES)


def test_every_class_in_the_table_is_public_in_its_package():
    assert sum(len(names(contents)) for contents in table(PAGE).values()) > 20
    assert list(missing_classes(PAGE)) == []


def test_a_class_in_the_wrong_row_and_a_missing_one_are_found():
    page = (
        "| package | contents |\n| --- | --- |\n| `skactive.pool` | `Pool`, `Margin`, `Nothing` |\n"
    )
    assert list(missing_classes(page)) == ["skactive.pool: Margin", "skactive.pool: Nothing"]


# Implementations of the contract `Target`.
TARGETS = {"CategoricalTarget", "ContinuousTarget", "MultiLabelTarget"}


def test_the_table_of_contracts_lists_all_of_skactive_base():
    listed_contracts = [names(contract)[0] for contract, *_ in rows(PAGE, "contract")]
    assert sorted(listed_contracts) == sorted(set(skactive.base.__all__) - TARGETS)


@pytest.mark.parametrize(
    ("contract", "name"),
    [
        (names(contract)[0], name)
        for contract, implementations, _ in rows(PAGE, "contract")
        for name in names(implementations)
    ],
)
def test_a_class_in_the_table_of_contracts_implements_the_contract(contract, name):
    (public_name,) = [one for one in PUBLIC_NAMES if one.endswith(f".{name}")]
    implementation, expected = resolved(public_name), getattr(skactive.base, contract)
    missing = [
        member
        for member in vars(expected)
        if not member.startswith("_") and not hasattr(implementation, member)
    ]
    assert missing == []
    if not getattr(expected, "_is_protocol", False):
        assert issubclass(implementation, expected)
