"""The samples of a session: from folders, tables, text files, lists and vectors."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skactive.labeling._sources import distinct, read_samples

pd = pytest.importorskip("pandas")


def write(folder, name, content):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def test_images_outside_of_subfolders_make_these_classes(tmp_path):
    for name in ["2.png", "apple/1.jpg", "pear/x/3.JPG", "notes.txt"]:
        write(tmp_path, f"photos/{name}", "")
    samples = read_samples(tmp_path / "photos")
    assert samples.kind == "image"
    assert dict(zip(samples.ids, samples.labels, strict=True)) == {
        "2.png": None,
        "apple/1.jpg": "apple",
        "pear/x/3.JPG": "pear",
    }
    (tmp_path / "photos" / "2.png").unlink()
    assert read_samples(tmp_path / "photos").labels == [None, None]


def linked_photos(folder):
    """Photos, with links to files and folders inside of their folder and out of it."""
    for name in ["photos/a.png", "photos/of 2020/b.png", "others/c.png", "others/deep/d.png"]:
        write(folder, name, "")
    photos = folder / "photos"
    links = {
        "in.png": "a.png",
        "of 2020/up.png": "../a.png",
        "out.png": "../others/c.png",
        "of 2020/out.png": folder / "others" / "c.png",
        "to others": folder / "others",
        "again": "of 2020",
        "nowhere.png": "missing.png",
        "loop.png": "loop.png",
        "beside.png": folder / "photos 2.png",
    }
    for name, target in links.items():
        (photos / name).symlink_to(target)
    return photos


def test_images_outside_of_a_folder_of_images_are_left_out_and_links_inside_of_it_are_not(tmp_path):
    photos = linked_photos(tmp_path)
    message = (
        r"5 images of .*photos are left out, such as 'beside.png': a symbolic link leads out of "
        r"the folder. Hint: copy the files .* a table, which may name any file."
    )
    inside = {"a.png", "in.png", "loop.png", "nowhere.png", "of 2020/b.png", "of 2020/up.png"}
    with pytest.warns(UserWarning, match=message) as warned:
        samples = read_samples(photos)
    assert len(warned) == 1
    assert set(samples.ids) == inside
    # The folder itself may be a link.
    (tmp_path / "link").symlink_to(photos)
    with pytest.warns(UserWarning, match="5 images"):
        assert read_samples(tmp_path / "link").ids == samples.ids


def test_a_folder_with_links_out_of_it_only_has_no_images(tmp_path):
    write(tmp_path, "others/c.png", "")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "c.png").symlink_to("../others/c.png")
    message = r"contains no image, but symbolic links to images outside of it, such as 'c.png'\."
    with pytest.raises(ValueError, match=message):
        read_samples(tmp_path / "photos")


def test_a_table_and_a_list_name_any_file(tmp_path):
    photos = linked_photos(tmp_path)
    path = write(photos, "list.csv", f"file\nout.png\n../others/c.png\n{tmp_path}/others/c.png\n")
    assert read_samples(path).ids == ["out.png", "../others/c.png", f"{tmp_path}/others/c.png"]
    assert read_samples([photos / "out.png"]).values == [str(photos / "out.png")]


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".jsonl"])
def test_tables_have_texts_and_some_labels(suffix, tmp_path):
    rows = pd.DataFrame(
        {
            "number": ["n1", "n2", "n3", "n4"],
            "text": ["good, really", "bad", None, "NA"],
            "label": ["1", None, "2", "x y"],
        }
    )
    path = tmp_path / f"reviews{suffix}"
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
        rows.to_parquet(path)
    elif suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows.to_dict("records")))
    else:
        rows.to_csv(path, sep="\t" if suffix == ".tsv" else ",", index=False)
    left_out = rf"Row 3 of .*reviews{suffix} is left out: column 'text' is empty there\."
    with pytest.warns(UserWarning, match=left_out):
        samples = read_samples(path, id_column="number")
    assert (samples.kind, samples.ids) == ("text", ["n1", "n2", "n4"])
    assert samples.values == ["good, really", "bad", "NA"]
    assert samples.labels == ["1", None, "x y"]
    with pytest.warns(UserWarning, match=left_out):
        assert read_samples(path, label_column="number").labels == ["n1", "n2", "n4"]


@pytest.mark.parametrize(
    ("name", "content", "values", "message"),
    [
        (
            "a.csv",
            'text,n\nx,1\n"  ",2\n,3\ny,4\n',
            ["x", "y"],
            r"^2 rows of .*a\.csv are left out, first row 2: column 'text' is empty there\.$",
        ),
        (
            "photos.csv",
            "file,n\n,1\na.png,2\n",
            ["a.png"],
            r"^Row 1 of .*photos\.csv is left out: column 'file' is empty there\.$",
        ),
        (
            "a.jsonl",
            '{"text": "x"}\n{"n": 1}\n{"text": null}\n\n{"text": "\\u3000"}\n{"text": "y"}\n',
            ["x", "y"],
            r"^3 rows of .*a\.jsonl are left out, first row 2: column 'text' is empty there\.$",
        ),
        (
            "a.txt",
            "x\n\n \t\r\ny \n\n",
            ["x", "y "],
            r"^2 lines of .*a\.txt are left out, first line 2: it is blank\.$",
        ),
        (
            None,
            ["x", "", "y", "\n"],
            ["x", "y"],
            r"^2 samples of the list are left out, first sample 1: it is blank\.$",
        ),
        (None, ["x.png", ""], ["x.png"], r"^Sample 1 of the list is left out: it is blank\.$"),
    ],
)
def test_blank_samples_are_left_out_with_one_warning(name, content, values, message, tmp_path):
    source = content if name is None else write(tmp_path, name, content)
    with pytest.warns(UserWarning, match=message) as warned:
        samples = read_samples(source)
    assert len(warned) == 1
    assert [Path(one).name for one in samples.values] == values
    # The ids of others are those that they had.
    assert samples.ids == read_samples(values).ids


def test_blank_lines_at_the_end_of_a_text_file_are_no_samples(tmp_path):
    assert read_samples(write(tmp_path, "a.txt", "x\n\n \n\n")).values == ["x"]


def test_paths_in_a_table_are_images_beside_it(tmp_path):
    path = write(tmp_path, "list.csv", "file,label\na.png,apple\nb/c.JPG,\n")
    samples = read_samples(path)
    assert samples.kind == "image"
    assert samples.ids == ["a.png", "b/c.JPG"]
    assert samples.values == [str(tmp_path / "a.png"), str(tmp_path / "b/c.JPG")]


def test_lines_of_a_text_file_are_samples(tmp_path):
    samples = read_samples(write(tmp_path, "lines.txt", "\ufeffone\ntwo\r\none\n"))
    assert samples.values == ["one", "two", "one"]
    assert samples.ids[2] == f"{samples.ids[0]}#2"


@pytest.mark.parametrize("inside", ["\x0b", "\x0c", "\x1c", "\x1e", "\x85", "\u2028", "\u2029"])
def test_lines_of_a_text_file_end_at_line_feeds_only(inside, tmp_path):
    path = tmp_path / "lines.txt"
    texts = [f"page one{inside}page two", "x", f"y{inside}z", "last"]
    path.write_bytes("{}\n{}\r{}\r\n{}".format(*texts).encode())
    assert read_samples(path).values == texts


def test_ids_of_texts_do_not_depend_on_their_order():
    texts = ["b", "a", "c", "a"]
    there = dict(zip(read_samples(texts).ids, texts, strict=True))
    back = dict(zip(read_samples(texts[::-1]).ids, texts[::-1], strict=True))
    assert there == back


@given(st.lists(st.sampled_from(["a", "a#2", "a#3", "b"]), max_size=8))
def test_distinct_names_begin_with_their_names(names):
    found = distinct(names)
    assert len(set(found)) == len(names)
    assert all(one.startswith(name) for one, name in zip(found, names, strict=True))


def test_vectors_may_have_pictures_and_labels(tmp_path):
    path = tmp_path / "vectors.npz"
    np.savez(path, X=np.eye(3), images=np.zeros((3, 8, 8)), y=np.array(["a", "", "b"]))
    samples = read_samples(path)
    assert (samples.kind, samples.labels) == ("vector", ["a", None, "b"])
    assert samples.thumbnails.shape == (3, 8, 8)


@pytest.mark.parametrize(
    ("name", "content", "options", "message"),
    [
        ("a.csv", "text\n", {}, "has columns, but no rows"),
        ("a.csv", "one,two\nx,y\n", {}, "with the samples is ambiguous. Its columns are: one, two"),
        ("a.csv", "text\nx\n", {"text_column": "txt"}, "has no column 'txt'"),
        ("a.csv", "text,text\nx,y\n", {}, "more than one column named 'text'"),
        ("a.csv", "text,id\nx,1\ny,1\n", {"id_column": "id"}, "has the id '1' 2 times"),
        ("a.csv", "text,id\nx,1\ny,\n", {"id_column": "id"}, "Row 2 of column 'id'"),
        ("a.csv", "text,b\nx,1\n", {"text_column": "b", "id_column": "b"}, "at once"),
        ("a.csv", 'text\n""\n', {}, "is empty. Hint: name another column"),
        ("a.jsonl", "{]\n", {}, r"Line 1 of .* is no JSON object"),
        ("a.txt", "\n \n", {}, "contains no text"),
        ("a.txt", "x\n", {"id_column": "b"}, "names a column of a table, but the source is"),
        ("a.docx", "x", {}, "is no source of samples. Hint: pass a folder of images, or a file"),
        ("photos/notes.txt", "x", {}, "contains no image"),
        ("a.npz", "x", {}, "cannot be read as vectors"),
    ],
)
def test_bad_sources_have_one_sentence(name, content, options, message, tmp_path):
    path = write(tmp_path, name, content)
    with pytest.raises(ValueError, match=message):
        read_samples(path.parent if name.startswith("photos") else path, **options)


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ("nowhere.csv", FileNotFoundError, "nowhere.csv does not exist"),
        ([1, 2], TypeError, "Sample 0 is of type int"),
        ([], ValueError, "contains no text"),
        (["", " "], ValueError, "contains no text"),
    ],
)
def test_other_bad_sources(source, error, message):
    with pytest.raises(error, match=message):
        read_samples(source)


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (["1", None, "2"], ["1", None, "2"]),
        ([1, None, 2], ["1", None, "2"]),
        ([1.0, None, 2.0], ["1", None, "2"]),
        ([True, None, False], ["True", None, "False"]),
        ([" x ", " ", "x"], ["x", None, "x"]),
    ],
)
def test_every_source_reads_the_same_labels_as_classes(labels, names, tmp_path):
    texts = ["" if one is None else f"{one}" for one in labels]
    as_text = ["1.0", None, "2.0"] if labels[0] == 1.0 and isinstance(labels[0], float) else names
    rows = [{"text": text, "label": one} for text, one in zip("abc", labels, strict=True)]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert read_samples(tmp_path / "a.jsonl").labels == names
    lines = [f"{text},{one}" for text, one in zip("abc", texts, strict=True)]
    write(tmp_path, "a.csv", "\n".join(["text,label", *lines]))
    assert read_samples(tmp_path / "a.csv").labels == as_text  # as it is written
    np.savez(tmp_path / "a.npz", X=np.eye(3), y=texts)
    assert read_samples(tmp_path / "a.npz").labels == as_text
    np.savez(tmp_path / "n.npz", X=np.eye(2), y=[1.0, np.nan])
    assert read_samples(tmp_path / "n.npz").labels == ["1", None]


def test_labels_of_folders_have_no_blanks_around_them(tmp_path):
    for name in ["1.png", " pear /2.png", " /3.png"]:
        write(tmp_path, f"photos/{name}", "")
    samples = read_samples(tmp_path / "photos")
    assert sorted(samples.labels, key=str) == [None, None, "pear"]


def test_ids_and_texts_of_a_table_stay_as_they_are_written(tmp_path):
    path = write(tmp_path, "a.csv", "id,text\n007,1.50\n7,2\n1.0,003\n")
    samples = read_samples(path, id_column="id")
    assert samples.ids == ["007", "7", "1.0"]
    assert samples.values == ["1.50", "2", "003"]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"X": [[0.0], [np.nan]]}, r"'X' of .* has NaN or infinity, first in row 1\. Hint: "),
        ({"X": np.zeros((3, 0))}, r"of type float64 and shape \(3, 0\)\. Hint: "),
        ({"X": [["a"]]}, r"of type <U1 and shape \(1, 1\)\. Hint: "),
        ({"X": np.eye(3), "y": [1, 2]}, r"'y' of .* has the shape \(2,\) for 3 vectors\. Hint: "),
        ({"X": np.eye(2), "y": [0.5, 1]}, r"Label 0 of .* is 0\.5, which is not a class label"),
        ({"X": np.eye(2), "images": np.zeros((3, 4, 4))}, r"has 3 images for 2 vectors\. Hint: "),
        *(
            (
                {"X": np.eye(2), "images": images},
                r"'images' of .*, but of type .* and shape .* Hint: ",
            )
            for images in [
                np.zeros(()),
                np.zeros(2),
                np.zeros((2, 4)),
                np.zeros((2, 4, 4, 2)),
                np.zeros((2, 4, 4, 3, 1)),
                np.zeros((2, 0, 4)),
                np.zeros((2, 4, 0, 3)),
                np.zeros((2, 4, 4), complex),
                np.zeros((2, 4, 4), "U3"),
                np.zeros((2, 4, 4), "M8[s]"),
            ]
        ),
    ],
)
def test_wrong_vectors_are_named(arrays, message, tmp_path):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(ValueError, match=message):
        read_samples(tmp_path / "a.npz")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive"])
def test_files_without_vectors_are_named(content, tmp_path):
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.npz cannot be read as vectors: .* Hint: "):
        read_samples(tmp_path / "a.npz")


@pytest.mark.parametrize("source", [None, 5, b"photos", {"a": 1}])
def test_what_is_no_source_is_refused_in_a_sentence(source):
    with pytest.raises(TypeError, match=r"'source' .* must be a path, or a list of texts"):
        read_samples(source)


def test_names_of_columns_are_texts(tmp_path):
    path = write(tmp_path, "a.csv", "text\na\n")
    with pytest.raises(TypeError, match=r"'text_column' .* must be a str or None"):
        read_samples(path, text_column=["text"])
