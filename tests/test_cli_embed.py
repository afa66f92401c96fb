"""`skactive embed` without its model: its input, output and messages; an error is one sentence."""

import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import skactive
from skactive.cli import main
from skactive.cli._embed import held_back_stderr
from skactive.datasets import load_vectors
from skactive.embedding._unreadable import Unreadable, unreadable_error, warn_of_unreadable

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(skactive.__file__).parents[1])}
ENVIRONMENT.pop("TF_CPP_MIN_LOG_LEVEL", None)
EMBED = ["embed", "--model", "net", "-o", "v.npz"]


class LettersEmbedder:
    """A network that counts letters; it cannot read texts with "!", or other objects."""

    input_kind = "texts"
    wide = 1.0
    made = None

    def __init__(self, handle, **parameters):
        type(self).made = self
        self.handle = handle
        self.parameters = parameters

    def transform(self, X):
        X = list(X)
        self.X = X
        faults = [
            Unreadable(at, str(sample), "illegible" if sample else "missing")
            for at, sample in enumerate(X)
            if not sample or "!" in sample
        ]
        if faults and self.parameters["errors"] == "raise":
            raise unreadable_error(faults[0], "a text")
        vectors = np.array([[len(Path(x or "").name), (x or "").count("a")] for x in X], np.float32)
        if faults:
            vectors[[fault.position for fault in faults]] = np.nan
            warn_of_unreadable(faults, len(X))
        return vectors * np.float32(self.wide)


@pytest.fixture
def embedder(tmp_path, monkeypatch):
    """Replace any model by a network of texts, and change to a new folder."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr("skactive.cli._embed.start_tensorflow", lambda: None)
    network = type("Network", (LettersEmbedder,), {})
    monkeypatch.setattr("skactive.embedding.HubEmbedder", network)
    return network


@pytest.fixture
def images(embedder):
    """Replace any model by a network of images, and write a folder with two classes."""
    embedder.input_kind = "images"
    touch("photos/apple/1.jpg", "photos/apple/deep/2.png", "photos/banana/a.jpg")
    return embedder


@pytest.fixture
def table(embedder):
    """Return a function that writes a table."""
    pytest.importorskip("pandas")

    def write(text, name="t.csv"):
        Path(name).write_text(text, encoding="utf-8")
        return embedder

    return write


def touch(*names):
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()


def embed(*arguments):
    """Run the command, and return the content of its file."""
    assert main([*EMBED, *arguments]) == 0
    return written()


def written():
    with np.load("v.npz", allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def error_of(capsys, *arguments):
    """Return the one sentence that the command ends with when it fails."""
    assert main(list(arguments)) == 2
    output = capsys.readouterr()
    assert output.out == ""
    *progress, sentence = output.err.splitlines()
    assert progress in ([], ["Loading net"])
    assert sentence.startswith("skactive: error: ")
    return sentence.removeprefix("skactive: error: ")


def test_a_folder_per_class_becomes_vectors_labels_and_files(images):
    arrays = embed("photos")
    assert sorted(arrays) == ["X", "files", "model", "y"]
    assert arrays["X"].tolist() == [[5, 1], [5, 1], [5, 4]]
    assert arrays["X"].dtype == np.float32
    assert arrays["y"].tolist() == ["apple", "apple", "banana"]
    assert arrays["files"].tolist() == ["apple/1.jpg", "apple/deep/2.png", "banana/a.jpg"]
    assert str(arrays["model"]) == "net"


def test_compare_reads_the_written_file(images):
    arrays = embed("photos")
    X, y = load_vectors("v.npz")
    np.testing.assert_array_equal(X, arrays["X"])
    np.testing.assert_array_equal(y, arrays["y"])


def test_without_labels_subfolders_are_no_classes(images):
    touch("photos/3.jpg")
    arrays = embed("photos", "--no-labels")
    assert sorted(arrays) == ["X", "files", "model"]
    assert len(arrays["X"]) == 4


def test_the_summary_lists_the_result_and_the_next_command(images, capsys):
    embed("photos", "--output", "my vectors.npz", "-o", "v.npz")
    assert capsys.readouterr().out.splitlines() == [
        "photos: 3 samples, 2 features",
        "subfolders: 2 classes (apple 2, banana 1)",
        "Written: v.npz (1 kB)",
        "",
        "Next: skactive compare v.npz",
    ]
    assert main(["embed", "photos", "--model", "net", "-o", "my vectors.npz"]) == 0
    assert capsys.readouterr().out.endswith("\nNext: skactive compare 'my vectors.npz'\n")


def test_with_many_classes_only_their_sizes_are_printed(images, capsys):
    touch(*(f"photos/{at}/{at % 2}.jpg" for at in range(20)), "photos/3/2.jpg")
    embed("photos")
    assert "\nsubfolders: 22 classes, of 1 to 2 samples\n" in capsys.readouterr().out


def test_a_long_line_of_classes_is_broken(images, capsys):
    touch(*(f"photos/{'b' * 20} {at}/1.jpg" for at in range(10)))
    embed("photos")
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


@pytest.mark.parametrize("labelled", ["photos", "plain"])
def test_where_compare_would_fail_it_is_not_proposed(images, capsys, labelled):
    touch("plain/1.jpg")
    (Path("photos/banana/a.jpg")).unlink()
    embed(labelled)
    output = capsys.readouterr().out
    assert "compare" not in output
    assert ("no labels" in output) == (labelled == "plain")
    assert ("1 class (apple 2)" in output) == (labelled == "photos")


def test_a_table_gives_texts_labels_and_rows(table):
    network = table("label,text,split\n1,aa,x\n0,b,y\n1,ccc,x\n")
    arrays = embed("t.csv")
    assert network.made.X == ["aa", "b", "ccc"]
    assert sorted(arrays) == ["X", "model", "rows", "y"]
    assert arrays["X"].tolist() == [[2, 2], [1, 0], [3, 0]]
    assert arrays["y"].tolist() == [1, 0, 1]
    assert arrays["rows"].tolist() == [0, 1, 2]


def test_a_parquet_table_is_a_table(table):
    pd = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    pd.DataFrame({"text": ["aa", "b"], "y": [True, False]}).to_parquet("t.parquet")
    assert embed("t.parquet")["y"].tolist() == [True, False]


@pytest.mark.parametrize(
    ("header", "options", "chosen"),
    [
        ("text,sentence", [], 0),
        ("split,sentence", [], 1),
        ("label,comment", [], 1),
        ("comment,label", [], 0),
        ("text,comment", ["--column", "comment"], 1),
        ("text,sentence", ["--label", "text"], 1),
        ("file,comment", [], 1),
        ("label,file", ["--column", "file"], 1),
        ("label,comment", ["--column", "label"], 0),
        ("label,comment", ["--no-labels"], 1),
    ],
)
def test_the_column_is_the_one_named_or_known_or_the_only_one(table, header, options, chosen):
    table(f"{header}\naa,bb\nc,d\n")
    assert embed("t.csv", *options)["X"][:, 1].tolist() == [[2, 0], [0, 0]][chosen]


def test_numbers_are_no_texts_when_the_only_column_is_looked_for(table):
    table("id,words,size\n1,aa,0.5\n2,b,0.2\n")
    assert embed("t.csv")["X"].tolist() == [[2, 2], [1, 0]]


def test_paths_in_a_table_start_at_its_folder(table, tmp_path):
    touch("set/a/1.jpg", "other.jpg")
    network = table(f"label,path\nx,a/1.jpg\ny,{Path('other.jpg').absolute()}\n", "set/t.csv")
    network.input_kind = "images"
    arrays = embed("set/t.csv")
    paths = network.made.X
    assert paths == [str(Path("set/a/1.jpg")), str(Path("other.jpg").absolute())]
    assert arrays["files"].tolist() == ["a/1.jpg", str(Path("other.jpg").absolute())]
    assert arrays["rows"].tolist() == [0, 1]


def test_the_column_of_images_is_known_by_the_files_that_it_names(table):
    touch("1.jpg")
    table("kind,text,picture\nbig,red,0.jpg\nbig,red,1.jpg\n").input_kind = "images"
    assert embed("t.csv")["files"].tolist() == ["0.jpg", "1.jpg"]


def test_rows_without_a_label_keep_their_vector_and_are_counted(table, capsys):
    table("text,label\naa,1\nb,\nccc,0\n")
    assert embed("t.csv")["y"].tolist() == ["1", "", "0"]
    output = capsys.readouterr().out
    assert "column label: 2 classes (0 1, 1 1), and 1 sample without a label\n" in output
    assert output.endswith("\nNext: skactive compare v.npz\n")
    with pytest.raises(
        ValueError, match=r"y\[1\] in v\.npz is missing\. Hint: leave out .* unlabeled=True"
    ):
        load_vectors("v.npz")


def test_a_column_of_labels_without_any_is_none(table, capsys):
    table("text,label\naa,\nb,\n")
    assert "y" not in embed("t.csv")
    assert "no labels" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ([], "no labels: no column is named label, y, target or class; --label NAME names"),
        (["--no-labels"], "no labels"),
    ],
)
def test_a_table_without_a_column_of_labels_says_which_names_were_looked_for(
    table, capsys, options, line
):
    table("text,topic\naa,u\nb,v\n")
    assert "y" not in embed("t.csv", *options)
    assert f"\n{line}\n" in capsys.readouterr().out


def test_unreadable_files_are_left_out_and_named(table, capsys):
    table("text,label\naa,u\nb!,v\n,u\nccc,v\n")
    arrays = embed("t.csv")
    assert arrays["X"].tolist() == [[2, 2], [3, 0]]
    assert arrays["y"].tolist() == ["u", "v"]
    assert arrays["rows"].tolist() == [0, 3]
    output = capsys.readouterr()
    assert output.err.splitlines()[-3:] == [
        "skactive: 2 of 4 samples cannot be read and are left out:",
        "  row 2: b! (illegible)",
        "  row 3: None (missing)",
    ]
    assert "\nleft out: 2 unreadable\n" in output.out


def test_every_image_left_out_is_named_by_its_path(images, capsys):
    touch(*(f"photos/apple/!{at:03}.jpg" for at in range(150)))
    arrays = embed("photos", "--quiet")
    assert arrays["files"].tolist() == ["apple/1.jpg", "apple/deep/2.png", "banana/a.jpg"]
    first, *lines = capsys.readouterr().err.splitlines()
    assert first == "skactive: 150 of 153 samples cannot be read and are left out:"
    assert lines[0] == f"  {Path('photos/apple/!000.jpg')} (illegible)"
    assert lines[149] == f"  {Path('photos/apple/!149.jpg')} (illegible)"
    assert len(lines) == 150


def test_with_errors_raise_the_first_that_cannot_be_read_ends_it(table, capsys):
    table("text\naa\nb!\n")
    assert error_of(capsys, *EMBED, "t.csv", "--errors", "raise") == (
        "Row 2 of t.csv is not a text that can be read: b! (illegible). Hint: --errors skip, the "
        "default, leaves such samples out."
    )
    assert not Path("v.npz").exists()


def test_where_nothing_can_be_read_there_is_no_file(table, capsys):
    table("text\nb!\n!\n")
    assert error_of(capsys, *EMBED, "t.csv") == (
        "None of the samples in t.csv can be read, the first being row 1: b! (illegible). Hint: "
        "check that the model takes such samples."
    )
    assert not Path("v.npz").exists()


@pytest.mark.filterwarnings("default")
def test_other_warnings_are_one_line_each(images, capsys, monkeypatch):
    def warn(embedder, X):
        warnings.warn("The cache is old.", UserWarning, stacklevel=1)
        warnings.warn("The cache is old.", UserWarning, stacklevel=1)
        return np.ones((3, 2), np.float32)

    monkeypatch.setattr(images, "transform", warn)
    embed("photos", "--quiet")
    assert capsys.readouterr().err == "skactive: warning: The cache is old.\n"


def test_half_precision_takes_half_the_space_and_compare_reads_it(images):
    full = embed("photos")["X"]
    half = embed("photos", "--float16")["X"]
    assert half.dtype == np.float16
    np.testing.assert_array_equal(half, full)
    assert load_vectors("v.npz")[0].dtype == np.float32


def test_numbers_too_large_for_half_precision_are_kept(images, capsys):
    images.wide = 1e5
    arrays = embed("photos", "--float16", "--quiet")
    assert arrays["X"].dtype == np.float32
    assert np.isfinite(arrays["X"]).all()
    assert capsys.readouterr().err == (
        "skactive: some values are too large for half precision: float32 is written.\n"
    )


def test_quiet_prints_nothing(images, capsys):
    embed("photos", "--quiet")
    assert capsys.readouterr() == ("", "")
    assert images.made.parameters["verbose"] is False


def test_options_reach_the_embedder(images):
    embed(
        "photos", "--batch-size", "7", "--signature", "s", "--output-key", "k", "--normalize",
        "--image-size", "192x256", "--cache", "kept", "--errors", "raise",
    )  # fmt: skip
    assert images.made.handle == "net"
    assert images.made.parameters == {
        "batch_size": 7,
        "signature": "s",
        "output_key": "k",
        "image_size": (192, 256),
        "normalize": True,
        "cache": Path("kept"),
        "errors": "raise",
        "verbose": True,
    }
    embed("photos", "--image-size", "96")
    assert images.made.parameters["image_size"] == 96
    assert images.made.parameters["errors"] == "nan"


def test_an_existing_file_is_replaced_and_its_folder_made(images):
    Path("v.npz").write_text("old")
    assert len(embed("photos")["X"]) == 3
    assert main(["embed", "photos", "--model", "net", "-o", "deep/er/v.NPZ"]) == 0
    assert [path.name for path in Path("deep/er").iterdir()] == ["v.NPZ"]


def test_a_link_to_a_file_stays_one(images):
    touch("elsewhere/real.npz")
    Path("v.npz").symlink_to("elsewhere/real.npz")
    embed("photos")
    assert Path("v.npz").is_symlink()
    assert Path("elsewhere/real.npz").stat().st_size > 0


def test_ctrl_c_leaves_the_old_file_and_no_half_of_a_new_one(images, capsys, monkeypatch):
    def interrupted(file, **arrays):
        file.write(b"half")
        raise KeyboardInterrupt

    Path("v.npz").write_text("old")
    monkeypatch.setattr(np, "savez", interrupted)
    assert main([*EMBED, "photos", "--quiet"]) == 130
    assert capsys.readouterr().err.startswith("skactive: interrupted. No file was written. Hint: ")
    assert Path("v.npz").read_text() == "old"
    assert sorted(path.name for path in Path().iterdir()) == ["photos", "v.npz"]


def test_a_full_disk_is_one_sentence_and_no_half_file(images, capsys, monkeypatch):
    def full(file, **arrays):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    assert error_of(capsys, *EMBED, "photos") == (
        f"Nothing can be written to {Path.cwd()}: No space left on device. Hint: choose another "
        "folder with --output."
    )
    assert [path.name for path in Path().iterdir()] == ["photos"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["photos", "-o", "v.npz"], "The following arguments are required: --model. Hint:"),
        (["photos", "--model", "net"], "The following arguments are required: -o/--output."),
        (
            ["photos", "--model", "net", "-o", "v.csv"],
            "Argument -o/--output: must be a file that ends in .npz, got 'v.csv' instead.",
        ),
        (["photos", "--model", "net", "-o", "d.npz"], "that ends in .npz, got 'd.npz' instead."),
        (
            ["photos", "--model", "net", "-o", "photos/apple/1.jpg/v.npz"],
            "1.jpg: File exists. Hint: choose another folder with --output.",
        ),
        ([*EMBED], "The following arguments are required: SOURCE."),
        ([*EMBED, "nope"], "nope does not exist. Hint: check the path; a relative one starts at"),
        (
            [*EMBED, "photos/apple/1.jpg"],
            (
                "1.jpg is neither a folder nor a table. Hint: pass a folder of images, or a .csv, "
                ".tsv or .parquet file with a column of texts or of paths."
            ),
        ),
        ([*EMBED, "d.npz"], "d.npz contains no image: no file in it or its subfolders ends in"),
        ([*EMBED, "mixed"], "first being 2.jpg. Hint: move these into the folder of a class, or"),
        ([*EMBED, "mixed"], "or pass --no-labels if the subfolders are not classes."),
        (
            [*EMBED, "photos", "--label", "y"],
            (
                "--label y is for a table, but photos is a folder, whose subfolders are the "
                "classes. Hint: leave --label out."
            ),
        ),
        ([*EMBED, "photos", "--column", "file"], "--column file is for a table, but photos is a"),
        (
            [*EMBED, "photos", "--label", "y", "--no-labels"],
            "Argument --no-labels: not allowed with argument --label.",
        ),
        ([*EMBED, "photos", "--batch-size", "0"], "Argument --batch-size: must be a whole number"),
        (
            [*EMBED, "photos", "--image-size", "0x5"],
            (
                "Argument --image-size: must be a number of pixels, or a height and width such as "
                "192x256, got '0x5' instead."
            ),
        ),
        ([*EMBED, "photos", "--image-size", "5x"], "such as 192x256, got '5x' instead."),
        ([*EMBED, "photos", "--errors", "nan"], "Argument --errors: invalid choice: 'nan'"),
        ([*EMBED, "photos", "--batch", "5"], "Unrecognized arguments: --batch"),
    ],
)
def test_a_fault_of_the_user_is_one_sentence_and_exit_code_2(images, capsys, arguments, sentence):
    touch("mixed/a/1.jpg", "mixed/2.jpg")
    Path("d.npz").mkdir()
    arguments = arguments if arguments[0] == "embed" else ["embed", *arguments]
    assert sentence in error_of(capsys, *arguments)
    assert images.made is None
    assert sorted(path.name for path in Path().iterdir()) == ["d.npz", "mixed", "photos"]


@pytest.mark.parametrize(
    ("text", "options", "sentence"),
    [
        ("text\n", [], "t.csv has columns, but no rows. Hint: write the file again."),
        ("", [], "t.csv is empty. Hint: write the file again."),
        ("text\naa\n", ["--column", "txt"], "t.csv has no column 'txt'. Its columns are: text."),
        ("text\naa\n", ["--label", "txt"], "t.csv has no column 'txt'. Its columns are: text."),
        (
            "text,y\naa,1\n",
            ["--column", "text", "--label", "text"],
            (
                "Column 'text' of t.csv cannot be sample and label at once. Hint: name another one "
                "with --column or --label."
            ),
        ),
        (
            "text,y\naa,1\nb,0.5\n",
            [],
            (
                "Row 2 of column 'y' in t.csv is 0.5, which is not a class label. Hint: name "
                "another column with --label, or pass --no-labels."
            ),
        ),
    ],
)
def test_an_error_in_a_table_is_raised_before_the_model_is_loaded(
    table, capsys, text, options, sentence
):
    network = table(text)
    assert error_of(capsys, *EMBED, "t.csv", *options) == sentence
    assert network.made is None


def test_numbers_in_a_column_of_labels_can_be_passed_over(table):
    table("text,y\naa,0.5\nb,1.5\n")
    assert sorted(embed("t.csv", "--no-labels")) == ["X", "model", "rows"]


@pytest.mark.parametrize(
    ("kind", "text", "options", "sentence"),
    [
        (
            "texts",
            "id,size\n1,2\n",
            [],
            (
                "net embeds texts, but the column of t.csv with the texts is ambiguous. Its "
                "columns are: id, size. Hint: name it with --column, or choose a model of images."
            ),
        ),
        (
            "texts",
            "question1,question2,label\na,b,c\n",
            [],
            "column of t.csv with the texts is amb",
        ),
        ("texts", "file,label\na,b\n", [], "Its columns are: file, label. Hint: name it with"),
        ("images", "text,split\na,b\n", [], "net embeds images, but the column of t.csv with"),
        (
            "texts",
            "id,text\n1,a\n",
            ["--column", "id"],
            (
                "Column 'id' of t.csv contains neither texts nor paths. Hint: name another column "
                "with --column."
            ),
        ),
        (
            "images",
            "words\nWho is it ?\n",
            ["--column", "words"],
            (
                "net embeds images, but column 'words' of t.csv names no file that exists, the "
                "first being Who is it ?. Hint: paths are relative to the folder of the table; "
                "for texts, choose a text model."
            ),
        ),
    ],
)
def test_a_table_that_does_not_suit_the_model_is_one_sentence(
    table, capsys, kind, text, options, sentence
):
    table(text).input_kind = kind
    assert sentence in error_of(capsys, *EMBED, "t.csv", *options)


def test_a_model_of_texts_on_a_folder_of_images_is_one_sentence(images, capsys):
    images.input_kind = "texts"
    assert error_of(capsys, *EMBED, "photos") == (
        "net embeds texts, but photos is a folder of images. Hint: choose an image model."
    )


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ValueError("Choose one with `output_key`."), "Choose one with --output-key."),
        (ValueError("Choose another `signature`."), "Choose another --signature."),
        (ValueError("net has no signature 's'."), "net has no signature 's'."),
        (ValueError("Choose one, as in image_size=224."), "Choose one, as in --image-size 224."),
        (ValueError("Leave image_size out."), "Leave --image-size out."),
        (OSError("net cannot be downloaded."), "net cannot be downloaded."),
        (PermissionError(13, "Permission denied", "net/x"), "net/x: Permission denied."),
        (OSError(28, "No space left on device"), "photos: No space left on device."),
        (MemoryError(), "photos needs more memory than is available. Hint: embed it in parts."),
    ],
)
def test_errors_of_the_embedder_name_the_options_of_the_command(
    images, capsys, monkeypatch, error, sentence
):
    def refuse(*_):
        raise error

    monkeypatch.setattr(images, "input_kind", property(refuse))
    assert error_of(capsys, *EMBED, "photos") == sentence


def test_without_tensorflow_the_extra_is_named(tmp_path):
    (tmp_path / "1.jpg").touch()
    code = (
        "import sys; sys.modules['tensorflow'] = None; from skactive.cli import main; "
        "sys.exit(main(sys.argv[1:]))"
    )
    process = subprocess.run(
        [sys.executable, "-c", code, *EMBED, "--quiet", "."],
        env=ENVIRONMENT,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 2
    assert process.stdout == ""
    assert process.stderr == (
        "skactive: error: HubEmbedder needs tensorflow, which is not installed. Install it with: "
        "pip install 'skactive[hub]'\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["1.jpg"]


def test_output_of_libraries_is_hidden_unless_they_fail(capfd):
    with held_back_stderr():
        os.write(2, b"chatter\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"

    def fail():
        with held_back_stderr():
            os.write(2, b"a reason\n")
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        fail()
    assert capfd.readouterr().err == "a reason\n"


def test_help_names_the_command_and_its_arrays(capsys):
    assert main(["--help"]) == 0
    assert "embed images or texts as vectors" in capsys.readouterr().out
    assert main(["embed", "--help"]) == 0
    output = capsys.readouterr().out
    assert all(name in output for name in ["'X'", "'y'", "'files'", "'rows'", "'model'"])
