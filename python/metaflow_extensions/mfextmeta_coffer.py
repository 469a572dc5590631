# SPDX-License-Identifier: Apache-2.0
"""What Metaflow takes along of this extension where it finds it by walking through a directory.

Without a file of its own directly in metaflow_extensions, pip would leave that directory behind, empty.
"""

exclude_suffixes = [".pyc"]
