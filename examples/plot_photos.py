"""
From a folder of photos to a classifier
=======================================

A folder with a subfolder for each class, a function that turns an image file into numbers, and fifty answers: that is all
a classifier of images needs. Here the photos are scikit-learn's handwritten digits, written out as PNG files.
"""

# %%
# The photos
# ----------
# Any folder tree will do. This one is made of the digits, enlarged, and is deleted at the end.

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
# `list_images` names the files, and their classes after the folders they are in. A third of them is held out.

from sklearn.model_selection import train_test_split

from skactive.datasets import list_images

paths, y = list_images(folder.name)
pool, held_out, y_pool, y_held_out = train_test_split(paths, y, test_size=0.33, random_state=0)
print(f"{len(pool)} photos to choose from, {len(held_out)} held out")

# %%
# The Pipeline
# ------------
# The first step turns files into vectors. For photos of the world it would be `HubEmbedder(handle)`, a pretrained network;
# for digits it is enough to shrink them and count how dark each part is. What comes after does not change.

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
# The folder's name stands in for the person who looks at the photo. Each file is opened once.

from skactive import ActiveLearner
from skactive.strategies import CDFProduct

learner = ActiveLearner(classifier, CDFProduct(), pool)
for n_answers in range(1, 51):
    index = learner.query()
    learner.teach(index, y_pool[index])
    if n_answers % 10 == 0:
        print(
            f"{n_answers} answers: {learner.score(held_out, y_held_out):.0%} of held-out photos right"
        )

# %%
# What was asked about
# --------------------
# The first answers go to the middle of the crowd and then to one kind after the other.

from skactive.inspection import QueryPathDisplay

QueryPathDisplay.from_estimator(learner, y=y_pool)

# %%
# Why?
# ----
# A prediction of k-nearest neighbours can be traced to the photos that made it. First one of those that the classifier is
# sure of, then one that it gets wrong.

from skactive.inspection import ExplanationDisplay

probabilities = learner.predict_proba(held_out)
predictions = learner.classes_[probabilities.argmax(axis=1)]
surest = probabilities.max(axis=1).argmax()
ExplanationDisplay.from_estimator(learner, held_out, index=surest)

# %%

wrong = np.flatnonzero(predictions != y_held_out)
index = wrong[probabilities[wrong].max(axis=1).argmax()]
display = ExplanationDisplay.from_estimator(learner, held_out, index=index)
print(f"in truth: {y_held_out[index]}")

# %%

folder.cleanup()

# %%
# What was learned
# ----------------
# - A folder of photos, a function from files to vectors and fifty answers gave a classifier that is right about 86 % of
#   the photos that it had never seen; ten answers, one for each digit at best, gave 60 %.
# - The classifier opens each file of the pool once. Swapping the function for a pretrained network changes one step.
# - Where it is sure, all neighbours that voted are of one kind. Where it is wrong they disagree, though they are no
#   farther away: a slanted 0 lies among 4, 6 and 8, and no labelled 0 is near. A label for it is worth having.
