"""`skactive compare` and `load_vectors` on tables: columns, scale, missing labels, rare classes."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_iris, load_wine
from sklearn.pipeline import Pipeline

from skactive.cli import main
from skactive.datasets import load_vectors
from skactive.model_selection import compare_strategies

pd = pytest.importorskip("pandas")

from skactive._io.column_kinds import are_numbered, is_id_like  # noqa: E402 - needs pandas

SMALL = ["--budget", "4", "--folds", "2", "--jobs", "1", "--no-plot", "--strategies", "random"]
RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def iris(n=60):
    """Return a shuffled table with four features and the labels."""
    X, y = load_iris(return_X_y=True)
    frame = pd.DataFrame(X, columns=["sepal", "width", "petal", "breadth"]).assign(label=y)
    return frame.sample(n, random_state=0).reset_index(drop=True)


N = 40
IDS = {
    "id": np.arange(N),
    "ID": np.arange(N)[::-1],
    "Id": [f"a{i}" for i in range(N)],
    "index": np.arange(N) * 3.0,
    "user_id": RNG.integers(5, size=N),
    "sampleId": np.arange(N),
    "photo id": np.arange(N),
    "uuid": [f"{i:08x}-" for i in range(N)],
    "Unnamed: 0": np.arange(N),
    "number": np.arange(N) + 1,
    "nr": RNG.permutation(N),
    "when": 1000 + np.sort(RNG.choice(2 * N, N, replace=False)),
}
FEATURES = {
    "id_score": RNG.normal(size=N),
    "paid": RNG.integers(2, size=N),
    "acid": RNG.normal(size=N).round(2),
    "grid": RNG.integers(9, size=N),
    "age": RNG.integers(18, 80, size=N),
    "price": np.sort(RNG.choice(10**5, N, replace=False)),
    "index of refraction": RNG.normal(size=N),
    "x_id": RNG.normal(size=N),
    "flag": RNG.integers(2, size=N).astype(bool),
    "constant": np.ones(N),
    "pixel": RNG.integers(256, size=N),
}


@pytest.mark.parametrize("name", IDS)
def test_a_column_of_ids_is_recognised(name):
    assert is_id_like(name, pd.Series(IDS[name]))


@pytest.mark.parametrize("name", FEATURES)
def test_a_feature_is_not_taken_for_one(name):
    assert not is_id_like(name, pd.Series(FEATURES[name]))


@given(
    st.lists(st.integers(-100, 100), max_size=60)
    | st.lists(st.floats(-1e3, 1e3), max_size=60)
    | st.integers(0, 19).map(lambda n: list(range(n)))
)
def test_integers_drawn_at_random_and_short_columns_are_features(values):
    distinct = len(set(values)) == len(values) >= 20
    dense = distinct and max(values) - min(values) + 1 <= 2 * len(values)
    whole = all(float(value).is_integer() for value in values)
    assert is_id_like("size", pd.Series(values, dtype=float)) == (dense and whole)


def test_numbered_columns_are_those_of_an_embedding():
    assert are_numbered([f"x{i}" for i in range(512)])
    assert are_numbered([str(i) for i in range(16)])
    assert not are_numbered([f"x{i}" for i in range(15)])
    assert not are_numbered([f"x{i}" for i in range(16)] + ["age"])
    assert not are_numbered([f"{'xy'[i % 2]}{i}" for i in range(40)])


def test_an_id_column_changes_no_vector():
    frame = iris()
    frame.to_csv("plain.csv", index=False)
    X, y = load_vectors("plain.csv")
    for position, name in [(0, "ids.csv"), (2, "ids.tsv"), (4, "ids.parquet")]:
        with_id = frame.copy()
        with_id.insert(position, "id", range(len(frame)))
        if name.endswith("parquet"):
            pytest.importorskip("pyarrow")
            with_id.to_parquet(name)
        else:
            with_id.to_csv(name, index=False, sep="\t" if name.endswith("tsv") else ",")
        with pytest.warns(UserWarning, match=r"to identify rows, and (is|are) left out.*drop=\[\]"):
            found, labels = load_vectors(name)
        np.testing.assert_allclose(found, X)
        np.testing.assert_array_equal(labels, y)


def test_columns_can_be_kept_and_dropped_by_name():
    iris().reset_index(names="id").to_csv("t.csv", index=False)
    assert load_vectors("t.csv", drop=[])[0].shape == (60, 5)
    assert load_vectors("t.csv", drop="id")[0].shape == (60, 4)
    assert load_vectors("t.csv", drop=["id", "petal"])[0].shape == (60, 3)
    assert load_vectors("t.csv", features=["id", "petal"])[0].shape == (60, 2)
    for arguments, message in [
        ({"drop": "ids"}, r"t\.csv has no column 'ids'\. Its columns are: id, sepal"),
        ({"drop": [], "features": ["id"]}, "`features` and `drop` cannot be combined"),
        ({"drop": ["id", "sepal", "width", "petal", "breadth"]}, "but no column of features"),
    ]:
        with pytest.raises(ValueError, match=message):
            load_vectors("t.csv", **arguments)
    np.savez("v.npz", X=np.eye(2), y=["a", "b"])
    with pytest.raises(ValueError, match="`drop` is for the columns of a table"):
        load_vectors("v.npz", drop=[])


def test_ids_alone_are_no_features():
    pd.DataFrame({"id": range(4), "label": list("abab")}).to_csv("t.csv", index=False)
    with pytest.raises(ValueError, match="no column of features: id appears to identify rows"):
        load_vectors("t.csv")


def test_a_column_of_lists_is_the_vectors():
    pytest.importorskip("pyarrow")
    vectors = RNG.normal(size=(6, 3)).astype(np.float32)
    frame = pd.DataFrame({"id": range(6), "text": list("uvwxyz"), "v": list(vectors)})
    frame.assign(label=list("ababab")).to_parquet("t.parquet")
    X, _ = load_vectors("t.parquet")
    np.testing.assert_array_equal(X, vectors)
    assert X.dtype == np.float32
    frame["v"] = [[1.0], [1.0, 2.0]] * 3
    frame.assign(label=list("ababab")).to_parquet("t.parquet")
    with pytest.raises(ValueError, match="holds lists, but not of numbers and of one length"):
        load_vectors("t.parquet")


@pytest.fixture
def estimators(monkeypatch):
    """Record the estimators and samples that are compared."""
    seen = []

    def spy(estimator, strategies, X, y, **settings):
        seen.append((estimator, X, y))
        return compare_strategies(estimator, strategies, X, y, **settings)

    monkeypatch.setattr("skactive.model_selection.compare_strategies", spy)
    return seen


def as_npz(frame):
    np.savez("t.npz", X=frame.drop(columns="label"), y=frame["label"])
    return "t.npz"


def as_csv(frame):
    frame.to_csv("t.csv", index=False)
    return "t.csv"


def as_lists(frame):
    pytest.importorskip("pyarrow")
    X = frame.drop(columns="label").to_numpy()
    pd.DataFrame({"v": list(X), "label": frame["label"]}).to_parquet("t.parquet")
    return "t.parquet"


def as_numbered(frame):
    X = np.tile(frame.drop(columns="label"), 4)
    return as_csv(pd.DataFrame(X).add_prefix("x").assign(label=frame["label"]))


@pytest.mark.parametrize(
    ("form", "options", "scaled", "words"),
    [
        (as_csv, [], True, "columns, standardised: sepal, width, petal, breadth\n"),
        (as_csv, ["--standardize", "no"], False, "columns, not standardised: sepal, "),
        (as_npz, [], False, ""),
        (as_npz, ["--standardize", "yes"], True, "features are standardised\n"),
        (as_lists, [], False, "columns, not standardised: v\n"),
        (as_numbered, [], False, "columns, not standardised: x0, x1, x2, x3, x4, x5, x6, x7 and 8"),
    ],
)
def test_tables_are_standardised_and_embeddings_are_not(
    estimators, capsys, form, options, scaled, words
):
    assert main(["compare", form(iris()), *SMALL, *options]) == 0
    assert isinstance(estimators[0][0], Pipeline) == scaled
    assert words in capsys.readouterr().out


def test_the_scale_is_that_of_the_training_part(monkeypatch):
    from sklearn.preprocessing import StandardScaler

    n_fitted = []
    fit = StandardScaler.fit

    def counting(scaler, X, *arguments, **settings):
        n_fitted.append(len(X))
        return fit(scaler, X, *arguments, **settings)

    monkeypatch.setattr(StandardScaler, "fit", counting)
    assert main(["compare", as_csv(iris()), *SMALL]) == 0
    assert set(n_fitted) == {30}


def test_standardised_wine_is_told_apart():
    load_wine(as_frame=True).frame.to_csv("wine.csv", index=False)
    options = ["--strategies", "random", "--folds", "3", "--jobs", "1", "--no-plot"]
    options += ["--classifier", "nearest", "--budget"]
    last = {}
    for choice in ("auto", "no"):
        folder = Path(choice)
        arguments = ["--standardize", choice, "--output-dir", choice]
        assert main(["compare", "wine.csv", *options, "40", *arguments]) == 0
        rows = csv.DictReader((folder / "labeling_curve.csv").read_text().splitlines())
        last[choice] = np.mean([float(row["score"]) for row in rows if row["n_labels"] == "40"])
    assert last["auto"] > last["no"] + 0.1


def test_a_left_out_column_is_named(capsys, estimators):
    iris().reset_index(names="id").assign(n=range(60)).to_csv("t.csv", index=False)
    assert main(["compare", "t.csv", *SMALL, "--quiet"]) == 0
    assert capsys.readouterr().err == (
        "skactive: columns id, n appear to identify rows and are left out. Hint: --drop without a "
        "name keeps all columns.\n"
    )
    assert main(["compare", "t.csv", *SMALL, "--quiet", "--drop"]) == 0
    assert main(["compare", "t.csv", *SMALL, "--quiet", "--drop", "id"]) == 0
    assert capsys.readouterr().err == ""
    assert [X.shape[1] for _, X, _ in estimators] == [4, 6, 5]


@pytest.mark.parametrize("form", [as_csv, as_npz])
@pytest.mark.parametrize("names", [False, True], ids=["numbers", "names"])
def test_partly_labelled_files_are_compared(capsys, form, names):
    frame = iris()
    if names:
        frame["label"] = np.array(["a", "b", "c"])[frame["label"]]
    frame["label"] = frame["label"].astype(object).where(frame.index % 2 == 0, "")
    if not names and form is as_npz:
        frame["label"] = pd.to_numeric(frame["label"])
    elif form is as_npz:
        frame["label"] = frame["label"].astype(str)
        np.savez("t.npz", X=frame.drop(columns="label"), y=frame["label"].to_numpy(dtype=str))
    source = "t.npz" if names and form is as_npz else form(frame)
    assert main(["compare", source, *SMALL]) == 0
    output = capsys.readouterr().out
    assert "60 samples (30 labelled), 4 features, 3 classes\n" in output
    with pytest.raises(ValueError, match="is missing"):
        load_vectors(source)
    labels = load_vectors(source, unlabeled=True)[1]
    assert [label is None for label in labels] == [False, True] * 30


def test_a_column_of_an_array_may_lack_labels():
    array = np.column_stack([np.eye(4), [0, 1, np.nan, 1]])
    np.save("t.npy", array)
    X, y = load_vectors("t.npy", label=4, unlabeled=True)
    np.testing.assert_array_equal(X, np.eye(4))
    assert y.tolist() == [0, 1, None, 1]
    array[0, 0] = np.nan
    np.save("t.npy", array)
    with pytest.raises(ValueError, match="not finite"):
        load_vectors("t.npy", label=-1, unlabeled=True)


def test_a_class_of_one_sample_is_named_and_left_out(capsys, estimators):
    frame = iris()
    frame["label"] = np.array(["a", "b", "c"])[frame["label"]]
    frame.loc[0, "label"] = "rare"
    assert main(["compare", as_csv(frame), *SMALL, "--quiet"]) == 0
    assert capsys.readouterr().err == (
        "skactive: class rare has 1 sample, too few for a cross-validation, and is left out.\n"
    )
    assert len(estimators[0][1]) == 59
    frame.loc[1, "label"] = "rarer"
    assert main(["compare", as_csv(frame), *SMALL, "--quiet"]) == 0
    assert "classes rare, rarer have 1 sample each" in capsys.readouterr().err


def test_without_two_larger_classes_the_reason_is_given(capsys):
    frame = iris()
    frame["label"] = ["rare"] + ["a"] * 59
    assert main(["compare", as_csv(frame)]) == 2
    assert "fewer than two classes of two or more samples" in capsys.readouterr().err
