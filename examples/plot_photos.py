"""
From a folder of photos to a classifier
=======================================

A classifier of images needs a folder with a subfolder for each class, a function that converts an image file to
numbers, and fifty answers. The photos in this example are scikit-learn's handwritten digits, saved as PNG files.
"""

# %%
# The photos
# ----------
# Any folder with subfolders can be used. This one contains the digits, enlarged, and is deleted at the end.

import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

folder = tempfile.TemporaryDirectory()
digits = load_digits()
for number, (image, label) in enumerate(zip(digits.images, digits.target, strict=True)):
    path = Path(folder.name, f"digit {label}", f"{number:04}.png")
    path.parent.mkdir(exist_ok=True)
    pixels = np.uint8(255 - 15.9 * image)
    Image.fromarray(pixels).resize((32, 32), Image.Resampling.BICUBIC).save(path)

# %%
# `list_images` lists the files and their classes, the names of their folders. A third of the files is held out.

from sklearn.model_selection import train_test_split

from skactive.datasets import list_images

paths, y = list_images(folder.name)
pool, held_out, y_pool, y_held_out = train_test_split(paths, y, test_size=0.33, random_state=0)
print(f"{len(pool)} photos to choose from, {len(held_out)} held out")

# %%
# The Pipeline
# ------------
# The first step converts files to vectors. For real photos this would be `HubEmbedder(handle)`, a pretrained network;
# for digits it is sufficient to scale them down and measure the darkness of each part. The other steps are the same.

from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skactive.neighbors import IncrementalKNeighborsClassifier


def darkness(files):
    small = [Image.open(file).convert("L").resize((8, 8), Image.Resampling.BOX) for file in files]
    return 255.0 - np.array([np.asarray(image, dtype=float).ravel() for image in small])


classifier = make_pipeline(FunctionTransformer(darkness), IncrementalKNeighborsClassifier())

# %%
# Fifty answers
# -------------
# The name of the folder is the answer of the annotator. Each file is opened once.

from skactive import ActiveLearner
from skactive.strategies import CDFProduct

learner = ActiveLearner(classifier, CDFProduct(), pool)
for n_answers in range(1, 51):
    index = learner.query()
    learner.teach(index, y_pool[index])
    if n_answers % 10 == 0:
        print(
            f"{n_answers} answers: {learner.score(held_out, y_held_out):.0%} of held-out photos correct"
        )

# %%
# The selected samples
# --------------------
# The first queries are in the densest part of the pool, the next ones in one class after the other.

from skactive.inspection import QueryPathDisplay

QueryPathDisplay.from_estimator(learner, y=y_pool)

# %%
# Explanations of predictions
# ---------------------------
# A prediction of k-nearest neighbours can be traced to the labelled photos that voted for it. The first plot shows the
# prediction with the highest probability, the second a wrong one.

from skactive.inspection import ExplanationDisplay

probabilities = learner.predict_proba(held_out)
predictions = learner.classes_[probabilities.argmax(axis=1)]
surest = probabilities.max(axis=1).argmax()
ExplanationDisplay.from_estimator(learner, held_out, index=surest)

# %%

wrong = np.flatnonzero(predictions != y_held_out)
index = wrong[probabilities[wrong].max(axis=1).argmax()]
display = ExplanationDisplay.from_estimator(learner, held_out, index=index)
print(f"true class: {y_held_out[index]}")

# %%

folder.cleanup()

# %%
# Summary
# -------
# - With a folder of photos, a function from files to vectors and fifty answers, the classifier predicts 86 % of the
#   held-out photos correctly; with ten answers, at most one for each digit, 60 %.
# - The classifier opens each file of the pool once. To use a pretrained network instead of the function, replace one
#   step.
# - Where the prediction is certain, all voting neighbours are of one class. Where it is wrong they disagree, although
#   they are no farther away: a slanted 0 is between 4, 6 and 8, and no labelled 0 is near. A label for it would be
#   informative.
