"""Where numba keeps compiled loops: beside their source, also where that cannot be written to."""

import hashlib
from pathlib import Path

from numba.core.caching import InTreeCacheLocator


class BesideSource(InTreeCacheLocator):
    """Locates the cache in `__pycache__`; one that is there may be read-only, as in an image.

    Compiled anew when any file of the loop's package, or of this one, changes: loops are compiled
    into one another, and numba alone looks at the file of the outermost one only.
    """

    def ensure_cache_path(self) -> None:
        """Accept a directory that has compiled loops, and otherwise one that can be written to."""
        where = Path(self.get_cache_path())  # type: ignore[no-untyped-call]  # numba's own
        if not any(where.glob("*.nbi")):
            super().ensure_cache_path()  # type: ignore[no-untyped-call]  # numba's own

    def get_source_stamp(self) -> bytes:
        """Return a hash of all sources of the packages."""
        digest = hashlib.sha256()
        for package in sorted({Path(__file__).parent, Path(self._py_file).parent}):
            for path in sorted(package.glob("*.py")):
                digest.update(path.read_bytes())
        return digest.digest()
