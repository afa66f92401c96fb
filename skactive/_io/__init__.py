"""Reading and writing of files, and the identity of samples.

Private to the package. The modules and the functions that other packages import:

`fingerprint`
    `fingerprint(samples)`, `row_fingerprints(samples, positions)`, `find_rows(samples, digests)`:
    one digest of all rows in their order, one of each row, and the positions of rows by their
    digest. Used wherever samples have to be recognised: journals (`learner`), pool states
    (`pool`), saved graphs (`neighbors`), vector files (`datasets`), shared results (`_engine`).
`content_keys`
    `content_key(identity, sample)`: a digest of the content of one raw sample and of the model
    that embeds it. Used by the store of vectors (`embedding`), and by `fingerprint` for samples
    that are not numbers.
`image_files`
    `open_image(path)`, `load_whole(image)`: images of known formats, decoded completely or not at
    all. Used by `content_keys`, `embedding` and `inspection`.
`numeric_labels`
    `labels_for(task, values, whole, place)`: labels of a classification or a regression. Used by
    `tables` and `datasets`.
`regular_files`
    `check_regular(path)`, `open_regular(path)`: a named pipe or a device is refused. Used by all
    that read files of samples.
`private_folder`
    `make_private(folder)`, `check_owner(folder)`: a folder into which only this user can write.
    Used by `embedding` for models, which can execute code.
`atomic_write`
    `atomic_write(path)`, `folder_beside(path)`: a file or folder is written completely or not at
    all. `remove_left_over(path)`: what killed processes left. Used by `cli`, `datasets`,
    `embedding`, `model_selection`, `neighbors` and `pool`.
`arrays`
    `read_arrays(path, what, hint)`, `damage_as(sentence)`: arrays of npz files, with one error for
    any damage. `write_arrays(path, arrays)`. Used by `datasets`, `neighbors` and `pool`.
`tables`
    `read_table(path)`, `read_frame(path)`: CSV and Parquet files through pandas. Used by
    `datasets` and `cli`.
`column_kinds`
    `is_id_like(name, column)`, `are_numbered(names)`, `holds_vectors(column)`: columns that are
    no features, and columns of an embedding. Used by `tables`.
`values`
    `as_labels`, `typed_labels`, `as_float`, `first_not_finite`, `is_missing`: checked labels and
    numbers from the cells of a file. Used by `tables`, `datasets` and `cli`.

Nothing here imports a public package. `fingerprint` uses the threads of `skactive._engine.blocks`.
"""
