"""Label in Label Studio, in the order of a labelling session.

`LabelStudioBridge` needs Label Studio's address, a project and a token; Label Studio runs in an
environment of its own, and needs no change.
"""

from skactive._public import present
from skactive.integrations.label_studio._bridge import LabelStudioBridge
from skactive.integrations.label_studio._errors import LabelStudioError

__all__ = ["LabelStudioBridge", "LabelStudioError"]

present(__name__)
