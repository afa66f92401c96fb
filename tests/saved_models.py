"""Small models, written for the tests: SavedModels of TensorFlow Hub, and a transformer.

TensorFlow writes and loads the first, with TF-Hub's calling convention; their weights are
variables. Each function creates a folder, and the same arguments always create the same model.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np


def _weights(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def write_text_model(folder: Path, *, dim: int = 8, seed: int = 0) -> Path:
    """Write a model of texts: the mean of a vector for each of their bytes, shape (n, dim)."""
    import tensorflow as tf

    class Texts(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = tf.Variable(_weights(seed, 256, dim))

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="inputs")])
        def __call__(self, inputs):
            letters = tf.strings.bytes_split(inputs)
            codes = tf.ragged.map_flat_values(
                lambda flat: tf.cast(tf.reshape(tf.io.decode_raw(flat, tf.uint8), [-1]), tf.int32),
                letters,
            )
            return tf.reduce_mean(tf.gather(self.table, codes), axis=1)

    return _saved(Texts(), folder, lambda model: {"outputs": model})


def write_image_model(
    folder: Path, *, size: tuple[int, int] = (8, 8), dim: int = 6, seed: int = 0
) -> Path:
    """Write a model of images in [0, 1]: a linear map of their pixels, shape (n, dim)."""
    import tensorflow as tf

    height, width = size

    class Images(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.kernel = tf.Variable(_weights(seed, height * width * 3, dim))

        @tf.function(
            input_signature=[tf.TensorSpec([None, height, width, 3], tf.float32, name="inputs")]
        )
        def __call__(self, inputs):
            return tf.reshape(inputs, [-1, height * width * 3]) @ self.kernel

    return _saved(Images(), folder, lambda model: {"feature_vector": model})


def write_function(folder: Path, function, *arguments, **signatures) -> Path:
    """Write a model that is called as `function`, traced with each tuple of arguments.

    Signatures are functions with an input signature of their own.
    """
    import tensorflow as tf

    module = tf.Module()
    if function is not None:
        module.__call__ = tf.function(function)
        for traced in arguments:
            module.__call__.get_concrete_function(*traced)
    tf.saved_model.save(module, str(folder), signatures=signatures or None)
    return Path(folder)


def write_tf1_module(folder: Path, *, tags=(), dim: int = 5, seed: int = 0) -> Path:
    """Write a module for TensorFlow 1: a graph with signature 'default', which has two outputs.

    Without tags it is a module of the old TF-Hub format, with a graph for training beside it.
    """
    import tensorflow as tf

    v1 = tf.compat.v1
    builder = v1.saved_model.Builder(str(folder))
    for graph_tags in [[*tags], [*tags, "train"]]:
        with tf.Graph().as_default(), v1.Session() as session:
            images = v1.placeholder(tf.float32, [None, 8, 8, 3], name="images")
            kernel = v1.get_variable("kernel", initializer=_weights(seed, 8 * 8 * 3, dim))
            vectors = tf.reshape(images, [-1, 8 * 8 * 3]) @ kernel
            if "train" in graph_tags:
                vectors *= 2
            outputs = {"default": vectors, "pixels": tf.reduce_mean(images, axis=3)}
            signature = v1.saved_model.signature_def_utils.predict_signature_def(
                {"images": images}, outputs
            )
            session.run(v1.global_variables_initializer())
            if graph_tags == [*tags]:
                builder.add_meta_graph_and_variables(session, graph_tags, {"default": signature})
            elif not tags:
                builder.add_meta_graph(graph_tags, {"default": signature})
    builder.save()
    if not tags:
        # TF-Hub recognises its old format by this file: version 3, in a protocol buffer.
        (Path(folder) / "tfhub_module.pb").write_bytes(b"\x08\x03")
    return Path(folder)


def _saved(model, folder, outputs):
    import tensorflow as tf

    @tf.function(input_signature=model.__call__.input_signature)
    def serving_default(inputs):
        return {name: call(inputs) for name, call in outputs(model).items()}

    tf.saved_model.save(model, str(folder), signatures=serving_default)
    return Path(folder)


def write_transformer(folder: Path, texts: Iterable[str], *, seed: int = 0) -> Path:
    """Write a BERT of one layer, whose vocabulary is the words of texts, and its tokenizer."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    words = [*marks, *sorted({word for text in texts for word in text.lower().split()})]
    codes = {word: code for code, word in enumerate(words)}
    tokenizer = Tokenizer(models.WordPiece(codes, unk_token=marks[1]))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    ends = [(mark, codes[mark]) for mark in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", None, ends)
    names = {f"{mark[1:-1].lower()}_token": mark for mark in marks}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(folder)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "max_position_embeddings": 64}
    layers = {"num_hidden_layers": 1, "num_attention_heads": 2}
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        BertModel(BertConfig(vocab_size=len(words), **sizes, **layers)).save_pretrained(folder)
    return folder
