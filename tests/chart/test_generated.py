from pathlib import Path

import pytest
import yaml

from hack.generate import ROOT, generated
from restow.policies import crds

FILES = dict(generated(check=True))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_generated_file_is_up_to_date(path: Path) -> None:
    assert path.read_text() == FILES[path], "run: make generate"


def test_static_install_has_the_crds_and_no_policy() -> None:
    objects = list(yaml.safe_load_all((ROOT / "manifests" / "install.yaml").read_text()))
    kinds = [each["kind"] for each in objects]
    assert kinds[0] == "Namespace"
    assert kinds.count("CustomResourceDefinition") == len(crds.documents())
    assert "PackingPolicy" not in kinds
