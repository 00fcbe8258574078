"""What pyproject.toml can't say: an editable install that tells nothing but faults."""

import warnings

from setuptools import setup
from setuptools.warnings import InformationOnly

# With every editable install setuptools warns that folders of the same name come first. Here there are none.
warnings.filterwarnings("ignore", category=InformationOnly)
setup()
